using Llm4Msr.Platform;

namespace Llm4Msr.Language.Files;

/// <summary>The tensors of a folder: <c>model.safetensors</c>, or several files that <c>model.safetensors.index.json</c> names.</summary>
internal sealed class HuggingFaceWeights : IWeights
{
    private const long LargestIndex = 32 << 20;

    private readonly ModelConfig _config;
    private readonly IReadOnlyList<SafetensorsFile> _files;
    private readonly Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)> _tensors = new(StringComparer.Ordinal);

    private HuggingFaceWeights(string path, IReadOnlyList<SafetensorsFile> files, ModelConfig config)
    {
        Path = path;
        _files = files;
        _config = config;
        foreach (var file in files)
        {
            foreach (var entry in file.Entries.Values)
            {
                if (TensorNames.InGguf(entry.Name, config.Architecture) is { } name && !_tensors.TryAdd(name, (file, entry)))
                    throw new Llm4MsrException(FaultKind.Damaged, $"'{Path}' holds '{entry.Name}' under two names. Get the model again.");
            }
        }
    }

    public static HuggingFaceWeights Open(string folder, ModelConfig config)
    {
        var single = System.IO.Path.Combine(folder, "model.safetensors");
        var index = single + ".index.json";
        var sharded = !File.Exists(single) && File.Exists(index);
        if (!sharded && !File.Exists(single) && Directory.EnumerateFiles(folder, "*.bin").Any())
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"The weights of '{folder}' are pickles (*.bin), which can run code when they are opened and are not read. "
                + "Save the model as safetensors.");
        }
        List<SafetensorsFile> files = [];
        try
        {
            foreach (var name in sharded ? Shards(index) : ["model.safetensors"])
                files.Add(SafetensorsFile.Open(System.IO.Path.Combine(folder, name)));
            return new HuggingFaceWeights(sharded ? folder : single, files, config);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    public string Path { get; }

    public IReadOnlyCollection<string> Names => _tensors.Keys;

    public long[] ShapeOf(string name)
    {
        var shape = _tensors[name].Entry.Shape;
        return IsInputsFirst(name, shape.Length) ? [shape[1], shape[0]] : shape;
    }

    public string TypeOf(string name) => _tensors[name].Entry.Type;

    public long BytesOf(string name) => _tensors[name].Entry.Length;

    public StoredTensor Read(string name)
    {
        var (file, entry) = _tensors[name];
        if (entry.Type is not ("F32" or "F16" or "BF16"))
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"Tensor '{entry.Name}' of '{file.Path}' is stored as {entry.Type}, which is not read. "
                + "Read are: F32, F16, BF16.");
        }
        var stored = new StoredTensor(file.Read(entry.Name));
        if (IsInputsFirst(name, entry.Shape.Length))
            stored = stored.Transposed();
        return _config.Architecture == HuggingFaceConfig.ChatGlm && name.Contains(".attn_qkv.", StringComparison.Ordinal)
            ? stored.Rows([.. QueryKeyValueRows()])
            : stored;
    }

    public string Hash() => _files.Count == 1
        ? FileHash.OfFile(_files[0].Path)
        : FileHash.Of(string.Join('\n', _files.Select(file => $"{System.IO.Path.GetFileName(file.Path)} {FileHash.OfFile(file.Path)}")));

    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
    }

    /// <summary>GPT-2 has the matrices of its layers as [inputs, outputs].</summary>
    private bool IsInputsFirst(string name, int dimensions) =>
        _config.Architecture == HuggingFaceConfig.Gpt2 && dimensions == 2 && name.StartsWith("blk.", StringComparison.Ordinal);

    /// <summary>
    /// ChatGLM's queries, keys and values in this decoder's order: all queries, then all keys, then all values.
    /// </summary>
    private IEnumerable<long> QueryKeyValueRows()
    {
        long heads = _config.Heads, keyHeads = _config.KeyValueHeads, size = _config.HeadSize;
        var inOrder = RotaryPairs.HalvesApart(heads + keyHeads, size, rotated: size / 2)
            .Concat(LongRange((heads + keyHeads) * size, keyHeads * size));
        return !_config.QueryKeyValueByHead ? inOrder : inOrder.Select(row =>
        {
            var (part, head, number) = (row / (heads * size), row / size % heads, row % size);
            return (head * 3 + part) * size + number;
        });
    }

    private static IEnumerable<long> LongRange(long first, long count)
    {
        for (var i = first; i < first + count; i++)
            yield return i;
    }

    private static string[] Shards(string index)
    {
        var map = JsonSettings.Read(index, LargestIndex).Inner("weight_map")?.TextsByKey()
            ?? throw new Llm4MsrException(FaultKind.Damaged, $"The file '{index}' is damaged: it has no 'weight_map'. Get the model again.");
        string[] names = [.. map.Values.Distinct().Order(StringComparer.Ordinal)];
        foreach (var name in names)
        {
            if (!name.EndsWith(".safetensors", StringComparison.Ordinal) || System.IO.Path.GetFileName(name) != name || name.Contains('\\', StringComparison.Ordinal))
                throw new Llm4MsrException(FaultKind.Damaged, $"The file '{index}' is damaged: it names the file '{name}', expected a safetensors file beside it. Get the model again.");
        }
        return names.Length > 0 ? names : throw new Llm4MsrException(FaultKind.Damaged, $"The file '{index}' is damaged: it names no file. Get the model again.");
    }
}
