using System.Text.Json;
using System.Text.RegularExpressions;
using Llm4Msr.Language.Files;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Tokenization;

/// <summary>How a question is framed for a model: which texts and special tokens stand before and after it.</summary>
/// <param name="SystemMessage">What the file's own template tells the model first where the caller does not, or null.</param>
internal sealed partial record ChatTemplate(ChatFormat Format, string? SystemMessage)
{
    private const int LongestTemplate = 1 << 20;

    /// <summary>What remains of a ChatML template without its system message, once spelling is made equal.</summary>
    private const string ChatMlLoop =
        "{%formessageinmessages%}{{'<|im_start|>'+message['role']+'↵'+message['content']+'<|im_end|>↵'}}{%endfor%}"
        + "{%ifadd_generation_prompt%}{{'<|im_start|>assistant↵'}}{%endif%}";

    /// <summary>Whether a space stands between the question and Mistral's closing mark.</summary>
    public bool SpaceBeforeMark { get; init; } = true;

    /// <summary>The template of a folder: a file of its own, or in <c>tokenizer_config.json</c>; or null.</summary>
    public static string? TextIn(string folder)
    {
        var own = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(own))
        {
            return new FileInfo(own).Length <= LongestTemplate ? File.ReadAllText(own) : throw new Llm4MsrException(
                FaultKind.Damaged, $"The file '{own}' has more than {LongestTemplate} bytes. Get the model again.");
        }
        var path = Path.Combine(folder, "tokenizer_config.json");
        if (!File.Exists(path))
            return null;
        var settings = JsonSettings.Read(path, largest: 16 << 20);
        if (!settings.Has("chat_template") || settings.Element("chat_template").ValueKind != JsonValueKind.Array)
            return settings.Has("chat_template") ? settings.Text("chat_template", "") : null;
        return settings.List("chat_template").FirstOrDefault(named => named.Text("name", "") == "default")?.Text("template", "");
    }

    /// <summary>Recognises a template by its text; no template is ever run.</summary>
    /// <param name="named">The format that the caller names, which goes before what the file says.</param>
    /// <param name="architecture">ChatGLM comes without a template and is known by this.</param>
    /// <returns>Null where there is neither a template nor a name.</returns>
    /// <exception cref="Llm4MsrException">The template is not known and no format is named.</exception>
    public static ChatTemplate? Recognise(string? template, ChatFormat? named, string path, string? architecture = null)
    {
        var plain = template?.Replace("\\n", "\n", StringComparison.Ordinal).Replace('"', '\'') ?? "";
        var format = named ?? (template is null && architecture == HuggingFaceConfig.ChatGlm ? ChatFormat.ChatGlm2 : (ChatFormat?)null) ?? FormatOf(plain);
        if (format is null && template is null)
            return null;
        return format switch
        {
            ChatFormat.ChatMl => new ChatTemplate(ChatFormat.ChatMl, SystemMessageIn(plain)),
            ChatFormat.Llama3 => new ChatTemplate(ChatFormat.Llama3, Llama3Dates(plain)),
            ChatFormat.Mistral => new ChatTemplate(ChatFormat.Mistral, null) { SpaceBeforeMark = template is null || plain.Contains("' [/INST]", StringComparison.Ordinal) },
            ChatFormat.ChatGlm2 or ChatFormat.Plain => new ChatTemplate(format.Value, null),
            _ => throw new Llm4MsrException(
                FaultKind.BadInput, $"The chat template of '{path}' is not known; it starts with '{template![..Math.Min(template!.Length, 80)]}'. "
                + ChatFormats.HowToName),
        };
    }

    /// <summary>The parts of a prompt; only the frame may hold special tokens.</summary>
    /// <param name="answerOpening">The words that the answer is made to start with.</param>
    /// <param name="tokenizer">What is a token to it is not spelled out in letters.</param>
    public TextPart[] Frame(string userText, string? answerOpening, ITokenizer? tokenizer = null)
    {
        var (before, after) = Format switch
        {
            ChatFormat.ChatMl => ($"{(SystemMessage is null ? "" : $"<|im_start|>system\n{SystemMessage}<|im_end|>\n")}<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"),
            ChatFormat.Llama3 => (
                $"<|begin_of_text|>{(SystemMessage is null ? "" : Llama3Header("system") + SystemMessage + "<|eot_id|>")}{Llama3Header("user")}",
                "<|eot_id|>" + Llama3Header("assistant")),
            ChatFormat.Mistral when tokenizer?.Special("[INST]") is not null => ("<s>[INST]", SpaceBeforeMark ? " [/INST]" : "[/INST]"), // the space after it comes with the next word
            ChatFormat.Mistral => ("<s>[INST] ", SpaceBeforeMark ? " [/INST]" : "[/INST]"),
            ChatFormat.ChatGlm2 => ("[gMASK]sop[Round 1]\n\n问：", "\n\n答："),
            _ => ("", ""),
        };
        TextPart[] parts = [new(before, IsFrame: true), new(userText, IsFrame: false), new(after, IsFrame: true), new(answerOpening ?? "", IsFrame: false)];
        return [.. parts.Where(part => part.Text.Length > 0)];
    }

    /// <summary>The special tokens without which a format cannot be written; the last of them ends an answer.</summary>
    public IReadOnlyList<string> SpecialTokens => Format switch
    {
        ChatFormat.ChatMl => ["<|im_start|>", "<|im_end|>"],
        ChatFormat.Llama3 => ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
        ChatFormat.Mistral => ["<s>", "</s>"],
        ChatFormat.ChatGlm2 => ["[gMASK]", "sop", "</s>"],
        _ => [],
    };

    /// <summary>
    /// Small templates are known by every letter; those with branches for tools by the marks of their format, which of the
    /// branches without tools are the whole frame.
    /// </summary>
    private static ChatFormat? FormatOf(string template)
    {
        var loop = DefaultSystemMessage().Replace(template, "", 1);
        loop = Literal().Replace(loop, text => text.Value.Replace('\n', '↵')); // the line breaks that count
        loop = WhiteSpace().Replace(loop, "").Replace("'+'", "", StringComparison.Ordinal)
            .Replace("{%-", "{%", StringComparison.Ordinal).Replace("-%}", "%}", StringComparison.Ordinal);
        if (loop == ChatMlLoop)
            return ChatFormat.ChatMl;
        ChatFormat[] marked =
        [
            .. new[]
            {
                (ChatFormat.ChatMl, Has("<|im_start|>") && Has("<|im_end|>") && Has("tools")),
                (ChatFormat.Llama3, Has("<|start_header_id|>") && Has("<|end_header_id|>") && Has("<|eot_id|>")),
                (ChatFormat.Mistral, Has("[INST]") && Has("[/INST]") && Has("bos_token") && Has("eos_token") && !Has("<<SYS>>")),
                (ChatFormat.ChatGlm2, Has("[Round") && Has("问：") && Has("答：")),
            }.Where(f => f.Item2).Select(f => f.Item1),
        ];
        return marked.Length == 1 ? marked[0] : null;

        bool Has(string mark) => template.Contains(mark, StringComparison.Ordinal);
    }

    private static string? SystemMessageIn(string template)
    {
        var found = DefaultSystemMessage().Match(template);
        if (!found.Success && template.Contains("tools", StringComparison.Ordinal))
            found = WholeSystemMessage().Match(template);
        return found.Success ? found.Groups["message"].Value : null;
    }

    /// <summary>From 3.1 on, Llama is told two dates where nobody gives another message.</summary>
    private static string? Llama3Dates(string template)
    {
        if (!template.Contains("Cutting Knowledge Date: December 2023", StringComparison.Ordinal))
            return null;
        var today = Today().Match(template);
        return $"Cutting Knowledge Date: December 2023\nToday Date: {(today.Success ? today.Groups["date"].Value : "26 Jul 2024")}\n\n";
    }

    private static string Llama3Header(string role) => $"<|start_header_id|>{role}<|end_header_id|>\n\n";

    [GeneratedRegex(@"\{%-?\s*if loop\.first and messages\[0\]\['role'\]\s*!=\s*'system'\s*-?%\}\s*"
        + @"\{\{-?\s*'<\|im_start\|>system\n(?<message>[^'{}<]*)<\|im_end\|>\n'\s*-?\}\}\s*\{%-?\s*endif\s*-?%\}", RegexOptions.CultureInvariant)]
    private static partial Regex DefaultSystemMessage();

    [GeneratedRegex("'[^']*'", RegexOptions.CultureInvariant)]
    private static partial Regex Literal();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex WhiteSpace();

    [GeneratedRegex(@"'<\|im_start\|>system\n(?<message>[^'{}<]+)<\|im_end\|>\n'", RegexOptions.CultureInvariant)]
    private static partial Regex WholeSystemMessage();

    [GeneratedRegex(@"set date_string = '(?<date>[0-9]{2} [A-Z][a-z]{2} [0-9]{4})'", RegexOptions.CultureInvariant)]
    private static partial Regex Today();
}
