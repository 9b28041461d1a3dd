using Llm4Msr.Language.Tokenization;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Files;

/// <summary>A model on disk, opened: everything but the weights is read, and these can be.</summary>
/// <param name="Tokenizer">Null where the files hold none; such a model takes and gives token ids only.</param>
/// <param name="ChatTemplate">The text of the template that the files carry, or null.</param>
internal sealed record ModelFiles(
    string Name, ModelConfig Config, IWeights Weights, ITokenizer? Tokenizer, string? ChatTemplate) : IDisposable
{
    /// <param name="path">A GGUF file, or a folder with <c>config.json</c> and <c>model.safetensors</c>; or <see cref="EmbeddedModel.Name"/>.</param>
    public static ModelFiles Open(string path)
    {
        if (path == EmbeddedModel.Name)
            return HuggingFaceModel.Open(EmbeddedModel.Folder);
        if (Directory.Exists(path))
            return HuggingFaceModel.Open(path);
        if (File.Exists(path))
            return GgufModel.Open(path);
        throw new Llm4MsrException(FaultKind.BadInput, $"There is no model '{path}'. "
            + "Name a GGUF file, or a folder with config.json and model.safetensors.");
    }

    public void Dispose() => Weights.Dispose();
}

/// <summary>The tensors of a model under the names that GGUF gives them, whatever the files call them.</summary>
/// <remarks>
/// Matrices are [outputs, inputs]. Query and key rows are ordered for the rotation of the first half of what is rotated of a
/// head against its second half. Query, key and value may be one tensor, <c>attn_qkv</c>, and gate and up another,
/// <c>ffn_gate_up</c>.
/// </remarks>
internal interface IWeights : IDisposable
{
    /// <summary>The file with the tensors, or the folder of several.</summary>
    string Path { get; }

    IReadOnlyCollection<string> Names { get; }

    /// <summary>Rows first.</summary>
    long[] ShapeOf(string name);

    /// <summary>What the files call the type of the numbers.</summary>
    string TypeOf(string name);

    /// <summary>Bytes as stored.</summary>
    long BytesOf(string name);

    /// <summary>On the CPU; belongs to the dispose scope that it is read in.</summary>
    StoredTensor Read(string name);

    /// <summary>SHA-256 of the file; of several, of their names and hashes.</summary>
    string Hash();
}
