using Llm4Msr.Platform;
using Microsoft.ML.OnnxRuntime;

namespace Llm4Msr.Language.Encoders;

/// <summary>A text encoder of BERT's kind in an ONNX file, with its WordPiece vocabulary beside it.</summary>
/// <remarks>Shapes: B texts, L tokens of the longest, W the width. A call computes in its caller's thread.</remarks>
public sealed class TextEncoder : ITextEncoder, IDisposable
{
    /// <summary>Positions that encoders of this kind have.</summary>
    public const int MostTokens = 512;

    private const string Ids = "input_ids", Mask = "attention_mask", Types = "token_type_ids", States = "last_hidden_state";
    private const long MostBytes = int.MaxValue - (1 << 20);

    private readonly string _path;
    private readonly InferenceSession _session;
    private readonly WordPieces _pieces;

    private TextEncoder(string path, InferenceSession session, WordPieces pieces, int width, string weightsHash, string tokenizerHash)
    {
        _path = path;
        _session = session;
        _pieces = pieces;
        Width = width;
        WeightsHash = weightsHash;
        TokenizerHash = tokenizerHash;
    }

    public string Name => Path.GetFileNameWithoutExtension(_path);

    public string WeightsHash { get; }

    public string TokenizerHash { get; }

    public int Width { get; }

    /// <param name="vocabulary">Null for the one beside the model: <c>NAME.vocab.txt</c>, where the model is NAME.onnx or NAME.fp16.onnx, or <c>vocab.txt</c>.</param>
    public static TextEncoder Load(string path, string? vocabulary = null)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{path}'.");
        if (new FileInfo(path).Length is > MostBytes and var length)
            throw new Llm4MsrException(FaultKind.BadInput, $"'{path}' has {length} bytes; an ONNX file has less than 2 GiB.");
        vocabulary = Vocabulary(path, vocabulary);
        var pieces = WordPieces.Load(vocabulary);
        var model = File.ReadAllBytes(path);
        InferenceSession? session = null;
        try
        {
            // From memory: a model that names other files to be read does not get them.
            using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            session = new InferenceSession(model, options);
            return new TextEncoder(path, session, pieces, WidthOf(path, session), FileHash.Of(model), FileHash.OfFile(vocabulary));
        }
        catch (OnnxRuntimeException e)
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"'{path}' cannot be read as an ONNX model ({e.Message.Shortened().TrimEnd('.')}). Get the model again.", e);
        }
        catch
        {
            session?.Dispose();
            throw;
        }
    }

    public int[] Tokens(string text) => _pieces.Encode(text, MostTokens);

    public IReadOnlyList<float[]> Encode(IReadOnlyList<int[]> texts)
    {
        var length = texts.Max(t => t.Length);
        var (ids, mask) = (new long[texts.Count * length], new long[texts.Count * length]);
        for (var b = 0; b < texts.Count; b++)
        {
            for (var k = 0; k < texts[b].Length; k++)
                (ids[b * length + k], mask[b * length + k]) = (texts[b][k], 1);
        }
        long[] shape = [texts.Count, length];
        using var idsValue = OrtValue.CreateTensorValueFromMemory(ids, shape);
        using var maskValue = OrtValue.CreateTensorValueFromMemory(mask, shape);
        using var typesValue = OrtValue.CreateTensorValueFromMemory(new long[ids.Length], shape);
        var inputs = new Dictionary<string, OrtValue> { [Ids] = idsValue, [Mask] = maskValue };
        if (_session.InputMetadata.ContainsKey(Types))
            inputs[Types] = typesValue;
        try
        {
            using var run = new RunOptions();
            using var outputs = _session.Run(run, inputs, [States]);
            var states = outputs[0].GetTensorDataAsSpan<float>();
            if (states.Length != ids.Length * Width)
                throw new Llm4MsrException(FaultKind.BadInput, $"'{_path}' answers {states.Length} values to {texts.Count} texts of {length} tokens, expected {ids.Length * Width}. Use a model of BERT's kind.");
            var means = new float[texts.Count][];
            for (var b = 0; b < texts.Count; b++)
                means[b] = Mean(states.Slice(b * length * Width, texts[b].Length * Width));
            return means;
        }
        catch (OnnxRuntimeException e)
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"'{_path}' could not encode ({e.Message.Shortened().TrimEnd('.')}). Check that the vocabulary belongs to the model.", e);
        }
    }

    public void Dispose() => _session.Dispose();

    /// <param name="states">[tokens of the text, W].</param>
    private float[] Mean(ReadOnlySpan<float> states)
    {
        var (sum, tokens) = (new double[Width], states.Length / Width);
        for (var k = 0; k < states.Length; k++)
            sum[k % Width] += states[k];
        return Array.ConvertAll(sum, value => (float)(value / tokens));
    }

    private static int WidthOf(string path, InferenceSession session)
    {
        string[] unknown = [.. session.InputMetadata.Keys.Except([Ids, Mask, Types])];
        if (unknown.Length > 0 || !session.InputMetadata.ContainsKey(Ids) || !session.InputMetadata.ContainsKey(Mask))
            throw Wrong($"reads {string.Join(", ", session.InputMetadata.Keys)}, expected {Ids}, {Mask} and perhaps {Types}");
        if (!session.OutputMetadata.TryGetValue(States, out var output) || output.ElementType != typeof(float) || output.Dimensions is not [_, _, > 0 and var width])
            throw Wrong($"gives {string.Join(", ", session.OutputMetadata.Keys)}, expected {States} with fp32 values for every token");
        return width;

        Llm4MsrException Wrong(string what) => new(FaultKind.BadInput, $"'{path}' {what.Shortened()}. Export the encoder with these names, without a pooling layer.");
    }

    private static string Vocabulary(string path, string? named)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var name = Path.GetFileNameWithoutExtension(path);
        string[] places = named is not null ? [named] :
        [
            Path.Combine(folder, name + ".vocab.txt"),
            Path.Combine(folder, Path.GetFileNameWithoutExtension(name) + ".vocab.txt"),
            Path.Combine(folder, "vocab.txt"),
        ];
        return places.FirstOrDefault(File.Exists)
            ?? throw new Llm4MsrException(FaultKind.BadInput, $"There is no vocabulary '{string.Join("', '", places.Distinct())}'. Name it with --vocabulary.");
    }
}
