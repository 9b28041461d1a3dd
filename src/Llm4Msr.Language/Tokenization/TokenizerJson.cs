using System.Text.Json;
using Llm4Msr.Language.Files;

namespace Llm4Msr.Language.Tokenization;

/// <summary>Reads <c>tokenizer.json</c> where it holds byte-level BPE; what would change ids and is not known is refused by name.</summary>
internal static class TokenizerJson
{
    private const long LargestFile = 64 << 20;
    private const int MostTokens = 4 << 20;
    private const string Words = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|";
    private const string Rest = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <returns>Null where the file holds a tokenizer of another kind, which may also lie beside it as <c>tokenizer.model</c>.</returns>
    public static VocabularyContent? Read(string path)
    {
        var settings = JsonSettings.Read(path, LargestFile);
        var model = settings.Inner("model") ?? throw settings.Damaged("it has no 'model'");
        if (model.Text("type", "BPE") != "BPE" || model.Flag("byte_fallback", otherwise: false) || settings.Inner("pre_tokenizer") is not { } cut)
            return null;
        foreach (var key in new[] { "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix" })
        {
            if (model.Has(key) && model.Root.GetProperty(key).ToString() is { Length: > 0 } and not "0")
                throw settings.Unsupported($"model.{key}", model.Root.GetProperty(key).ToString(), "no such setting");
        }
        var (tokens, kinds) = Tokens(settings, model);
        return new VocabularyContent(Rule(cut), tokens, kinds, [.. Merges(model)], BeginToken(settings, tokens))
        {
            WholePiecesFirst = model.Flag("ignore_merges", otherwise: false),
            Composed = IsComposed(settings),
        }.Checked(path);
    }

    private static (string[] Tokens, TokenKind[] Kinds) Tokens(JsonSettings settings, JsonSettings model)
    {
        var byId = new Dictionary<int, (string Token, TokenKind Kind)>();
        foreach (var entry in (model.Inner("vocab") ?? throw settings.Damaged("it has no 'model.vocab'")).Root.EnumerateObject())
            Add(entry.Value, entry.Name, TokenKind.Text);
        foreach (var added in settings.List("added_tokens"))
        {
            foreach (var key in new[] { "single_word", "lstrip", "rstrip" })
                added.RequireFalse(key);
            Add(added.Element("id"), added.Text("content", ""), added.Flag("special", otherwise: false) ? TokenKind.Control : TokenKind.Marker);
        }
        var count = byId.Count == 0 ? 0 : byId.Keys.Max() + 1;
        if (count > 2 * byId.Count + 1000)
            throw settings.Damaged($"it has {byId.Count} tokens and ids up to {count - 1}");
        var all = Enumerable.Range(0, count).Select(id => byId.TryGetValue(id, out var token) ? token : ($"<id {id} without token>", TokenKind.Control)).ToArray();
        return ([.. all.Select(t => t.Item1)], [.. all.Select(t => t.Item2)]);

        void Add(JsonElement id, string token, TokenKind kind)
        {
            if (id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out var number) || number is < 0 or >= MostTokens)
                throw settings.Damaged($"the token '{token}' has the id {id.GetRawText()}, expected a whole number below {MostTokens}");
            if (byId.TryGetValue(number, out var before) && before.Token != token)
                throw settings.Damaged($"the tokens '{before.Token}' and '{token}' have the same id {number}");
            byId[number] = (token, kind);
        }
    }

    /// <summary>Pairs, or texts with a space between the two.</summary>
    private static IEnumerable<string> Merges(JsonSettings model)
    {
        foreach (var merge in model.Elements("merges"))
        {
            yield return merge.ValueKind == JsonValueKind.String ? merge.GetString()!
                : merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2 && merge.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String)
                    ? $"{merge[0].GetString()} {merge[1].GetString()}"
                : throw model.Damaged($"'merges' holds {merge.GetRawText()[..Math.Min(80, merge.GetRawText().Length)]}, expected a pair of tokens");
        }
    }

    private static string Rule(JsonSettings cut)
    {
        IReadOnlyList<JsonSettings> steps = cut.Text("type", "") == "Sequence" ? cut.List("pretokenizers") : [cut];
        var bytes = steps.Count > 0 ? steps[^1] : cut;
        if (bytes.Text("type", "") != "ByteLevel" || bytes.Flag("add_prefix_space", otherwise: true))
            throw cut.Unsupported("pre_tokenizer", bytes.Text("type", ""), "'ByteLevel' without prefix space");
        var byRule = bytes.Flag("use_regex", otherwise: true);
        return (steps.Count, steps[0].Text("type", ""), byRule) switch
        {
            (1, "ByteLevel", true) => "gpt-2",
            (2, "Digits", true) when steps[0].Flag("individual_digits", otherwise: false) => "smollm",
            (2, "Split", false) when steps[0].Text("behavior", "") == "Isolated" && !steps[0].Flag("invert", otherwise: false) => steps[0].Inner("pattern")?.Text("Regex", "") switch
            {
                Words + @"\p{N}" + Rest => "qwen2",
                Words + @"\p{N}{1,3}" + Rest => "llama3",
                var other => throw cut.Unsupported("pre_tokenizer", other ?? "", "the rules of GPT-2, SmolLM, Qwen2 and Llama 3"),
            },
            _ => throw cut.Unsupported("pre_tokenizer", string.Join(", ", steps.Select(s => s.Text("type", ""))), "the rules of GPT-2, SmolLM, Qwen2 and Llama 3"),
        };
    }

    /// <summary>Whether letters and their marks are composed (NFC) before anything else.</summary>
    private static bool IsComposed(JsonSettings settings)
    {
        if (settings.Inner("normalizer") is not { } normalizer)
            return false;
        IReadOnlyList<JsonSettings> steps = normalizer.Text("type", "") == "Sequence" ? normalizer.List("normalizers") : [normalizer];
        foreach (var step in steps)
            step.Require("type", "NFC");
        return steps.Count > 0;
    }

    /// <summary>The special token that a template puts before a text.</summary>
    private static int? BeginToken(JsonSettings settings, string[] tokens)
    {
        if (settings.Inner("post_processor") is not { } processor)
            return null;
        IReadOnlyList<JsonSettings> steps = processor.Text("type", "") == "Sequence" ? processor.List("processors") : [processor];
        var template = steps.FirstOrDefault(step => step.Text("type", "") == "TemplateProcessing");
        if (template?.List("single") is not [var opening, ..] || opening.Inner("SpecialToken")?.Text("id", "") is not { } first)
            return null;
        var id = Array.IndexOf(tokens, first);
        return id >= 0 ? id : throw settings.Damaged($"its template begins with '{first}', which is not a token");
    }
}
