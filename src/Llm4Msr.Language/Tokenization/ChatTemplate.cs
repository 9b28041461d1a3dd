using System.Text.RegularExpressions;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Tokenization;

/// <summary>How a question is framed for a model: which texts and special tokens stand before and after it.</summary>
/// <param name="SystemMessage">What the file's own template tells the model first where the caller does not, or null.</param>
internal sealed partial record ChatTemplate(ChatFormat Format, string? SystemMessage)
{
    /// <summary>What remains of a ChatML template without its system message, once spelling is made equal.</summary>
    private const string ChatMlLoop =
        "{%formessageinmessages%}{{'<|im_start|>'+message['role']+'↵'+message['content']+'<|im_end|>↵'}}{%endfor%}"
        + "{%ifadd_generation_prompt%}{{'<|im_start|>assistant↵'}}{%endif%}";

    public static string? TextIn(string folder) => null;

    /// <summary>Recognises a template by its text; no template is ever run.</summary>
    /// <param name="named">The format that the caller names, which goes before what the file says.</param>
    /// <returns>Null where there is neither a template nor a name.</returns>
    /// <exception cref="Llm4MsrException">The template is not known and no format is named.</exception>
    public static ChatTemplate? Recognise(string? template, ChatFormat? named, string path)
    {
        var plain = template?.Replace("\\n", "\n", StringComparison.Ordinal).Replace('"', '\'') ?? "";
        var system = DefaultSystemMessage().Match(plain);
        var message = system.Success ? system.Groups["message"].Value : null;
        if (named is { } format)
            return new ChatTemplate(format, format == ChatFormat.ChatMl ? message : null);
        if (template is null)
            return null;
        var loop = system.Success ? plain.Remove(system.Index, system.Length) : plain;
        loop = Literal().Replace(loop, text => text.Value.Replace('\n', '↵')); // the line breaks that count
        loop = WhiteSpace().Replace(loop, "").Replace("'+'", "", StringComparison.Ordinal)
            .Replace("{%-", "{%", StringComparison.Ordinal).Replace("-%}", "%}", StringComparison.Ordinal);
        return loop == ChatMlLoop ? new ChatTemplate(ChatFormat.ChatMl, message) : throw new Llm4MsrException(
            FaultKind.BadInput, $"The chat template of '{path}' is not known; it starts with '{template[..Math.Min(template.Length, 80)]}'. "
            + $"Name the format that the model was trained with in {nameof(LoadOptions)}.{nameof(LoadOptions.ChatFormat)}: 'chatml' or 'plain'.");
    }

    /// <summary>The parts of a prompt; only the frame may hold special tokens.</summary>
    /// <param name="answerOpening">The words that the answer is made to start with.</param>
    public TextPart[] Frame(string userText, string? answerOpening)
    {
        if (Format == ChatFormat.Plain)
            return [new(userText, IsFrame: false), new(answerOpening ?? "", IsFrame: false)];
        var system = SystemMessage is null ? "" : $"<|im_start|>system\n{SystemMessage}<|im_end|>\n";
        return
        [
            new($"{system}<|im_start|>user\n", IsFrame: true),
            new(userText, IsFrame: false),
            new("<|im_end|>\n<|im_start|>assistant\n", IsFrame: true),
            new(answerOpening ?? "", IsFrame: false),
        ];
    }

    [GeneratedRegex(@"\{%-?\s*if loop\.first and messages\[0\]\['role'\]\s*!=\s*'system'\s*-?%\}\s*"
        + @"\{\{-?\s*'<\|im_start\|>system\n(?<message>[^'{}<]*)<\|im_end\|>\n'\s*-?\}\}\s*\{%-?\s*endif\s*-?%\}", RegexOptions.CultureInvariant)]
    private static partial Regex DefaultSystemMessage();

    [GeneratedRegex("'[^']*'", RegexOptions.CultureInvariant)]
    private static partial Regex Literal();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex WhiteSpace();
}
