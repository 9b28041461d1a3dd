using Llm4Msr.Language.Decoding;
using Llm4Msr.Language.Files;
using Llm4Msr.Language.Tokenization;
using Llm4Msr.Platform;

namespace Llm4Msr.Language;

/// <summary>What the files of a model say, and what is made of it; no weight is read.</summary>
/// <param name="Parts">The kinds of norm, positions, attention and feed-forward layer, and whether the embedding is tied.</param>
/// <param name="WeightTypes">How many tensors are stored in each type.</param>
/// <param name="StoredBytes">Of the weights as stored.</param>
/// <param name="Fp32Bytes">Of the weights once widened.</param>
/// <param name="CacheBytesPerToken">Keys and values of one token of one prompt.</param>
/// <param name="ChatFormat">What was chosen, or null; then <paramref name="ChatProblem"/> says why and what to do.</param>
public sealed record LanguageModelDescription(
    string Name, string Architecture, long Parameters, int Layers, int HiddenSize, int Heads, int KeyValueHeads, int HeadSize, int FeedForwardSize,
    int VocabularySize, int ContextLength, IReadOnlyList<string> Parts, IReadOnlyDictionary<string, int> WeightTypes, long StoredBytes, long Fp32Bytes,
    long CacheBytesPerToken, IReadOnlyList<int> EndTokens, string? Tokenizer, string? ChatFormat, string? SystemMessage, string? ChatProblem)
{
    /// <param name="path">A GGUF file or a Hugging Face folder.</param>
    public static LanguageModelDescription Of(string path, ChatFormat? chatFormat = null)
    {
        Libtorch.Require();
        using var files = ModelFiles.Open(path);
        var (config, weights) = (files.Config, files.Weights);
        var (chat, problem) = Chat(files, chatFormat, path);
        return new LanguageModelDescription(
            files.Name, config.Architecture, weights.Names.Sum(name => weights.ShapeOf(name).Aggregate((product, size) => product * size)),
            config.Layers, config.HiddenSize, config.Heads, config.KeyValueHeads, config.HeadSize, config.FeedForwardSize,
            config.VocabularySize, config.ContextLength, PartsOf(config),
            weights.Names.GroupBy(weights.TypeOf).OrderByDescending(g => g.Count()).ToDictionary(g => g.Key, g => g.Count()),
            weights.Names.Sum(weights.BytesOf), weights.Names.Sum(name => WeightStorages.BytesOf(weights, name, WeightStorage.Fp32)),
            KvCache.Bytes(config, rows: 1, columns: 1), config.EndTokens,
            files.Tokenizer is null ? null : $"{files.Tokenizer.Description}, {files.Tokenizer.VocabularySize} tokens",
            chat?.Format.ToName(), chat?.SystemMessage, problem);
    }

    private static (ChatTemplate?, string?) Chat(ModelFiles files, ChatFormat? named, string path)
    {
        if (files.Tokenizer is null)
            return (null, "There is no tokenizer: the model takes token ids only.");
        try
        {
            var chat = ChatTemplate.Recognise(files.ChatTemplate, named, path, files.Config.Architecture);
            return (chat, chat is null ? "There is no chat template. " + ChatFormats.HowToName : null);
        }
        catch (Llm4MsrException e)
        {
            return (null, e.Message);
        }
    }

    private static List<string> PartsOf(ModelConfig config)
    {
        List<string> parts =
        [
            config.Norm == NormKind.RmsNorm ? "RMSNorm" : "LayerNorm",
            config.LearnedPositions ? "learned positions" : 2 * config.RotaryFrequencies.Length == config.HeadSize ? "rotary positions" : "rotary positions on part of a head",
            config.KeyValueHeads == config.Heads ? "multi-head attention" : config.KeyValueHeads == 1 ? "multi-query attention" : "grouped-query attention",
            config.FeedForward switch { FeedForwardKind.SwiGlu => "SwiGLU", FeedForwardKind.Gelu => "GELU", _ => "GELU (tanh)" },
        ];
        if (config.QueryKeyNorm)
            parts.Add("norms of queries and keys");
        if (config.Windows.OfType<int>().FirstOrDefault() is > 0 and var window)
            parts.Add($"a window of {window} tokens in {config.Windows.Count(w => w is not null)} of {config.Layers} layers");
        if (config.Biases != Biases.None)
            parts.Add($"biases: {config.Biases}");
        parts.Add(config.TiedEmbeddings ? "output head tied to the embedding" : "output head of its own");
        return parts;
    }
}
