using System.Text.Json;
using Llm4Msr.Language.Files;
using Llm4Msr.Language.Tokenization;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language;

/// <summary>
/// Replays what a reference implementation computed: a decoder's ids and states (alone and in one batch of unequal
/// prompts), a chat model's answers, a tokenizer's ids and texts, the numbers of block formats.
/// </summary>
public static class ReferenceNumbers
{
    private const long LargestFile = 256 << 20;
    private const double DecoderTolerance = 1e-4;
    private const double ChatModelTolerance = 1e-3; // dozens of layers on real text: sums in another order show more

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        MaxDepth = 8,
    };

    /// <param name="path">A model, a folder with a tokenizer, or a GGUF file with a tensor per block format.</param>
    /// <param name="against">The JSON file with the reference numbers; what it holds decides what is compared.</param>
    /// <param name="tolerance">Null for 1e-4 of the root mean square (decoder) or 1e-3 (chat model).</param>
    /// <exception cref="Llm4MsrException">One of the files cannot be read, or holds nothing that can be compared.</exception>
    public static VerificationResult Verify(
        string path, string against, LoadOptions? options = null, double? tolerance = null, CancellationToken cancellation = default)
    {
        Libtorch.Require();
        using var document = Read(against);
        var root = document.RootElement;
        return root.ValueKind switch
        {
            JsonValueKind.Array => VerifyTokenizer(path, AnyOf(As<TokenizerCase[]>(root, against), against)),
            JsonValueKind.Object when root.TryGetProperty("hidden_per_step", out _) =>
                VerifyDecoder(path, As<DecoderCases>(root, against), options, tolerance ?? DecoderTolerance, against, cancellation),
            JsonValueKind.Object when root.TryGetProperty("cases", out _) =>
                VerifyChatModel(path, As<ChatModelCases>(root, against), options, tolerance ?? ChatModelTolerance, against, cancellation),
            JsonValueKind.Object when root.EnumerateObject().Any() && root.EnumerateObject().All(p => p.Value.ValueKind == JsonValueKind.Object && p.Value.TryGetProperty("values", out _)) =>
                VerifyBlocks(path, As<Dictionary<string, Numbers>>(root, against)),
            _ => throw NotReference(against, "it has none of the layouts that are known: a decoder's states, a chat model's answers, a tokenizer's texts, the numbers of block formats"),
        };
    }

    private static VerificationResult VerifyDecoder(
        string path, DecoderCases cases, LoadOptions? options, double tolerance, string against, CancellationToken cancellation)
    {
        var count = cases.PromptIds.Length;
        if (count == 0 || cases.GeneratedIds.Length != count || cases.HiddenPerStep.Length != count
            || Enumerable.Range(0, count).Any(i => cases.GeneratedIds[i].Length == 0 || cases.HiddenPerStep[i].Length != cases.GeneratedIds[i].Length + 1))
        {
            throw NotReference(against, "its prompts, ids and states do not belong together: a prompt of n generated ids has n + 1 states");
        }
        using var model = LanguageModel.Load(path, options);
        var differences = new Differences();
        for (var i = 0; i < count; i++)
        {
            for (var n = 1; n <= cases.GeneratedIds[i].Length; n++)
                Compare(i, n, Answers(n, cases.PromptIds[i])[0], "alone");
        }
        foreach (var together in Enumerable.Range(0, count).GroupBy(i => cases.GeneratedIds[i].Length))
        {
            var rows = together.ToList();
            var answers = Answers(together.Key, [.. rows.Select(i => cases.PromptIds[i])]);
            for (var row = 0; row < rows.Count; row++)
                Compare(rows[row], together.Key, answers[row], "in a batch");
        }
        return differences.Result("decoder", count, tolerance);

        // The reference goes on after an end-of-text token.
        IReadOnlyList<Answer> Answers(int newTokens, params int[][] prompts) =>
            model.Generate(prompts, new GenerationOptions(newTokens) { GoesOnAfterEnd = true }, cancellation);

        void Compare(int prompt, int n, Answer answer, string how)
        {
            var states = cases.HiddenPerStep[prompt];
            var where = $"prompt {prompt} of {cases.PromptIds[prompt].Length} tokens, {n} new, {how}";
            differences.Compare(where, cases.GeneratedIds[prompt][..n], answer.GeneratedIds);
            differences.Compare($"{where}, last prompt token", states[0], answer.States.LastPromptToken);
            differences.Compare($"{where}, state that produced the last token", states[n - 1], answer.States.StateThatProducedLast);
            differences.Compare($"{where}, after the last token", states[n], answer.States.AfterLastToken);
        }
    }

    private static VerificationResult VerifyChatModel(
        string path, ChatModelCases cases, LoadOptions? options, double tolerance, string against, CancellationToken cancellation)
    {
        AnyOf(cases.Cases, against);
        using var model = LanguageModel.Load(path, options);
        var differences = new Differences();
        for (var i = 0; i < cases.Cases.Length; i++)
            differences.Compare($"case {i}, prompt", cases.Cases[i].PromptIds, model.EncodeChat(cases.Cases[i].Prompt));
        foreach (var text in cases.Tokenizer ?? [])
            differences.Compare($"text '{text.Text}'", text.Ids, model.Tokenizer.Encode(new TextPart(text.Text, IsFrame: true)));

        var newTokens = cases.Cases.Max(c => c.GeneratedIds.Length);
        for (var i = 0; i < cases.Cases.Length; i++)
            Compare(i, model.Generate([cases.Cases[i].PromptIds], new GenerationOptions(cases.Cases[i].GeneratedIds.Length), cancellation)[0], "alone");
        var together = model.Generate([.. cases.Cases.Select(c => c.PromptIds)], new GenerationOptions(newTokens), cancellation);
        for (var i = 0; i < together.Count; i++)
            Compare(i, together[i], "in a batch");
        return differences.Result("chat model", cases.Cases.Length + (cases.Tokenizer?.Length ?? 0), tolerance);

        void Compare(int i, Answer answer, string how)
        {
            var expected = cases.Cases[i];
            differences.Compare($"case {i}, {how}", expected.GeneratedIds, answer.GeneratedIds);
            differences.Compare($"case {i}, {how}", expected.Text, answer.Text);
            differences.Compare($"case {i}, {how}, last prompt token", expected.FirstHidden, answer.States.LastPromptToken);
            differences.Compare($"case {i}, {how}, state that produced the last token", expected.StateThatProducedLast, answer.States.StateThatProducedLast);
        }
    }

    private static VerificationResult VerifyTokenizer(string path, TokenizerCase[] cases)
    {
        var tokenizer = OpenTokenizer(path);
        var differences = new Differences();
        foreach (var text in cases)
        {
            differences.Compare($"text '{text.Text}'", text.Ids, tokenizer.Encode(new TextPart(text.Text, IsFrame: true)));
            if (text.Ids.Any(id => id < 0 || id >= tokenizer.VocabularySize))
                differences.Wrong($"text '{text.Text}': the vocabulary ends at {tokenizer.VocabularySize - 1}");
            else
                differences.Compare($"text '{text.Text}', decoded", text.Decoded, tokenizer.Decode(text.Ids, withControl: true));
        }
        return differences.Result("tokenizer", cases.Length, tolerance: 0);
    }

    private static ITokenizer OpenTokenizer(string path)
    {
        if (Directory.Exists(path))
        {
            var config = Path.Combine(path, "config.json");
            var architecture = File.Exists(config) ? JsonSettings.Read(config).Text("model_type", "") : null;
            return TokenizerFiles.Open(path, architecture) ?? throw new Llm4MsrException(
                FaultKind.BadInput, $"'{path}' has no tokenizer. Name a folder with tokenizer.json or tokenizer.model, or a GGUF file.");
        }
        using var files = ModelFiles.Open(path);
        return files.Tokenizer ?? throw new Llm4MsrException(FaultKind.BadInput, $"'{path}' has no tokenizer.");
    }

    private static VerificationResult VerifyBlocks(string path, Dictionary<string, Numbers> expected)
    {
        using var file = GgufFile.Open(path);
        var differences = new Differences();
        foreach (var (name, numbers) in expected)
        {
            if (!file.Tensors.TryGetValue(name, out var tensor))
            {
                differences.Wrong($"there is no tensor '{name}'");
                continue;
            }
            if (!tensor.Shape.AsSpan().SequenceEqual(numbers.Shape))
                differences.Wrong($"tensor '{name}' has the shape [{string.Join(", ", tensor.Shape)}], expected [{string.Join(", ", numbers.Shape)}]");
            using var scope = torch.NewDisposeScope();
            differences.CompareExactly($"tensor '{name}'", numbers.Values, file.Read(name).Widen().data<float>().ToArray());
        }
        return differences.Result("block formats", expected.Count, tolerance: 0);
    }

    private static JsonDocument Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{path}'.");
        if (file.Length > LargestFile)
            throw NotReference(path, $"it has {file.Length} bytes, at most {LargestFile} are read");
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 8 });
        }
        catch (JsonException e)
        {
            throw NotReference(path, e.Message, e);
        }
    }

    private static T As<T>(JsonElement root, string path)
    {
        try
        {
            return root.Deserialize<T>(s_json)!;
        }
        catch (JsonException e)
        {
            throw NotReference(path, e.Message, e);
        }
    }

    private static T[] AnyOf<T>(T[] cases, string path) => cases.Length > 0 ? cases : throw NotReference(path, "it has no cases");

    private static Llm4MsrException NotReference(string path, string why, Exception? inner = null) => new(
        FaultKind.BadInput, $"'{path}' holds no reference numbers that can be replayed: {why}.", inner);

    private sealed record DecoderCases(int[][] PromptIds, int[][] GeneratedIds, float[][][] HiddenPerStep);

    private sealed record ChatModelCases(ChatModelCase[] Cases, TextIds[]? Tokenizer = null);

    private sealed record ChatModelCase(string Prompt, int[] PromptIds, int[] GeneratedIds, string Text, float[] FirstHidden, float[] StateThatProducedLast);

    private sealed record TextIds(string Text, int[] Ids);

    private sealed record TokenizerCase(string Text, int[] Ids, string Decoded);

    private sealed record Numbers(long[] Shape, float[] Values);
}
