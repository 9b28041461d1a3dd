using System.Text.Json;
using Llm4Msr.Import.Exchange;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Import;

/// <summary>Vectors by key, all of one width.</summary>
/// <param name="Keys">The user or scenario of each row.</param>
/// <param name="IsHalf">Whether nothing is lost in fp16.</param>
/// <param name="Hash">Of the file and the name in it.</param>
internal sealed record VectorMatrix(string File, IReadOnlyList<string> Keys, IReadOnlyList<float[]> Rows, bool IsHalf, string Hash)
{
    private readonly Dictionary<string, int> _rowOf = Index(File, Keys);

    public int Width => Rows.Count == 0 ? 0 : Rows[0].Length;

    public float[] Of(string key) => _rowOf.TryGetValue(key, out var row)
        ? Rows[row]
        : throw new Llm4MsrException(FaultKind.BadInput, $"'{File}' holds no vector of '{key}', which another file of this snapshot has, or the data. Make the vectors again, with zeros where nothing is known.");

    public string PlaceOf(string key) => FormattableString.Invariant($"'{File}': row {_rowOf[key] + 1}");

    private static Dictionary<string, int> Index(string file, IReadOnlyList<string> keys)
    {
        var rowOf = new Dictionary<string, int>(keys.Count, StringComparer.Ordinal);
        for (var row = 0; row < keys.Count; row++)
        {
            if (!rowOf.TryAdd(keys[row], row))
                throw new Llm4MsrException(FaultKind.BadInput, FormattableString.Invariant($"'{file}': '{keys[row]}' is the key of row {rowOf[keys[row]] + 1} and of row {row + 1}. A snapshot has one vector for each."));
        }
        return rowOf;
    }
}

/// <summary>Reads vectors that somebody else made, by the file's ending.</summary>
/// <remarks>Parquet and JSON lines name the user or scenario of each row themselves, in a column or field <c>id</c>.</remarks>
internal static class VectorFile
{
    private const string Id = "id";
    private const int LongestVector = 1 << 16;

    /// <param name="keys">Of the rows of a tensor, which names none.</param>
    public static VectorMatrix Read(VectorSource source, IReadOnlyList<string> keys)
    {
        List<string> ids = [];
        List<float[]> rows = [];
        var isHalf = false;
        if (source.File.EndsWith(".parquet", StringComparison.Ordinal))
            ReadParquet(source, ids, rows);
        else if (source.File.EndsWith(".jsonl", StringComparison.Ordinal))
            ReadJsonLines(source, ids, rows);
        else
            (ids, rows, isHalf) = ReadTensor(source, keys);
        for (var row = 0; row < rows.Count; row++)
            Check(source, row, rows[row], rows[0].Length);
        return new VectorMatrix(source.File, ids, rows, isHalf, FileHash.Of($"{FileHash.OfFile(source.File)}#{source.Tensor}"));
    }

    private static void ReadParquet(VectorSource source, List<string> ids, List<float[]> rows)
    {
        using var table = ParquetTable.Open(source.File);
        for (var g = 0; g < table.Groups; g++)
        {
            using var group = table.Group(g);
            var (id, vector) = table.Guarded(FormattableString.Invariant($"row group {g + 1}"), () => (group.Texts(Id), group.Vectors(source.Tensor, LongestVector)));
            for (var left = group.Rows; left > 0; left--)
            {
                var (key, values) = table.Guarded(FormattableString.Invariant($"row {rows.Count + 1}"), () => (id(), vector()));
                ids.Add(key);
                rows.Add(values);
            }
        }
    }

    private static void ReadJsonLines(VectorSource source, List<string> ids, List<float[]> rows)
    {
        foreach (var (number, line) in JsonLines.Of(source.File))
        {
            var fields = JsonLines.Read<Dictionary<string, JsonElement>>(source.File, number, line);
            ids.Add(fields.TryGetValue(Id, out var id) && id.ValueKind is JsonValueKind.String or JsonValueKind.Number ? id.ToString()
                : throw JsonLines.Wrong(source.File, number, $"has no '{Id}' that is a text or a number"));
            rows.Add(fields.TryGetValue(source.Tensor, out var values) && values.ValueKind == JsonValueKind.Array && values.EnumerateArray().All(v => v.ValueKind == JsonValueKind.Number)
                ? [.. values.EnumerateArray().Select(v => v.GetSingle())]
                : throw JsonLines.Wrong(source.File, number, $"has no '{source.Tensor}' that is a list of numbers"));
        }
    }

    private static (List<string>, List<float[]>, bool IsHalf) ReadTensor(VectorSource source, IReadOnlyList<string> keys)
    {
        using var file = SafetensorsFile.Open(source.File);
        var entry = file.Entry(source.Tensor);
        if (entry.Shape.Length != 2 || entry.Type is not ("F16" or "F32" or "BF16" or "F64"))
        {
            throw new Llm4MsrException(FaultKind.BadInput,
                $"'{source.File}': the tensor '{source.Tensor}' is {entry.Type} [{string.Join(", ", entry.Shape)}], expected numbers in rows and columns.");
        }
        if (entry.Shape[0] != keys.Count)
        {
            throw new Llm4MsrException(FaultKind.BadInput,
                $"'{source.File}': the tensor '{source.Tensor}' has {entry.Shape[0]} rows, but there are {keys.Count} keys. Give the keys of the users' rows with --keys.");
        }
        using var scope = torch.NewDisposeScope();
        var values = file.Read(source.Tensor).to(torch.float32).data<float>().ToArray();
        return ([.. keys], [.. values.Chunk((int)Math.Max(1, entry.Shape[1]))], entry.Type == "F16");
    }

    private static void Check(VectorSource source, int row, float[] vector, int width)
    {
        var place = FormattableString.Invariant($"in row {row + 1}");
        var what = vector.Length == 0 ? $"is empty {place}"
            : vector.Length != width ? FormattableString.Invariant($"has {vector.Length} values {place}, those before it {width}")
            : Array.FindIndex(vector, v => !float.IsFinite(v)) is >= 0 and var column ? FormattableString.Invariant($"holds {vector[column]} {place}, column {column + 1}, expected a number")
            : null;
        if (what is not null)
            throw new Llm4MsrException(FaultKind.BadInput, $"'{source.File}': the {WhatItIs(source.File)} '{source.Tensor}' {what}. Make the vectors again, with zeros where nothing is known.");
    }

    private static string WhatItIs(string file) => Path.GetExtension(file) switch
    {
        ".parquet" => "column",
        ".jsonl" => "field",
        _ => "tensor",
    };
}
