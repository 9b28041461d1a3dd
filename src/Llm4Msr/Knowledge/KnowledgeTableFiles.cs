using System.Text.Json;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Knowledge;

/// <summary>
/// A table as two files of a folder: vectors in the precision of the store, and a JSON that says whose they are. The folder's
/// manifest (<see cref="FolderManifest"/>) guards both against damage, so write and check it with the folder.
/// </summary>
public static class KnowledgeTableFiles
{
    public const string VectorsFile = "knowledge.safetensors";
    public const string KeysFile = "knowledge.json";

    private const string Format = "llm4msr-knowledge-table/1";
    private const string ScenarioTensor = "scenarios";

    /// <summary>Users' rows are cut into tensors of so many, because one tensor's bytes must fit a span.</summary>
    private const int RowsPerTensor = 1 << 14;

    private sealed record Keys(string Format, KnowledgeOrigin Origin, IReadOnlyList<UserSnapshots> Users, IReadOnlyList<string> Scenarios);

    /// <summary>Writes the table into an existing folder.</summary>
    public static void Save(this KnowledgeTable table, string folder)
    {
        var keys = new Keys(Format, table.Origin, table.Users, table.Scenarios);
        DurableFile.Write(Path.Combine(folder, KeysFile), stream => JsonSerializer.Serialize(stream, keys, StrictJson.Options));
        DurableFile.Write(Path.Combine(folder, VectorsFile), stream =>
        {
            using var scope = torch.NewDisposeScope();
            var precision = table.Origin.Fingerprint.Precision;
            Safetensors.Write(stream, [
                .. UserTensors(table.Count).Select(t => (t.Name, Encoded(table.UserVectors, t.First, t.Rows, table.UserWidth, precision))),
                (ScenarioTensor, Encoded(table.ScenarioVectors, 0, table.Scenarios.Count, table.ScenarioWidth, precision)),
            ]);
        });
    }

    /// <summary>Reads what <see cref="Save"/> wrote: equal to the last bit.</summary>
    public static KnowledgeTable Load(string folder)
    {
        var path = Path.Combine(folder, KeysFile);
        var keys = ReadKeys(path);
        var fingerprint = keys.Origin.Fingerprint;
        using var file = SafetensorsFile.Open(Path.Combine(folder, VectorsFile));
        var rows = keys.Users.Sum(u => (long)u.AsOfRanks.Count);
        var userVectors = KnowledgeTableBuilder.Matrix(rows, fingerprint.UserWidth);
        foreach (var (name, first, count) in UserTensors((int)rows))
            Decode(file, name, userVectors, first, count, fingerprint.UserWidth, fingerprint.Precision);
        var scenarioVectors = KnowledgeTableBuilder.Matrix(keys.Scenarios.Count, fingerprint.ScenarioWidth);
        Decode(file, ScenarioTensor, scenarioVectors, 0, keys.Scenarios.Count, fingerprint.ScenarioWidth, fingerprint.Precision);
        return new KnowledgeTable(keys.Origin, keys.Users, userVectors, keys.Scenarios, scenarioVectors);
    }

    private static IEnumerable<(string Name, int First, int Rows)> UserTensors(int rows) =>
        Enumerable.Range(0, (rows + RowsPerTensor - 1) / RowsPerTensor)
            .Select(block => ($"users.{block}", block * RowsPerTensor, Math.Min(RowsPerTensor, rows - block * RowsPerTensor)));

    private static torch.Tensor Encoded(float[] matrix, int firstRow, int rows, int width, KnowledgePrecision precision)
    {
        var tensor = torch.empty(rows, width, precision == KnowledgePrecision.Fp16 ? torch.ScalarType.Float16 : torch.ScalarType.Float32);
        if (rows * width > 0)
            StoredVector.Encode(matrix.AsSpan(firstRow * width, rows * width), precision, tensor.bytes);
        return tensor;
    }

    private static void Decode(SafetensorsFile file, string name, float[] matrix, int firstRow, int rows, int width, KnowledgePrecision precision)
    {
        var entry = file.Entry(name);
        var type = precision == KnowledgePrecision.Fp16 ? "F16" : "F32";
        if (entry.Type != type || !entry.Shape.SequenceEqual([rows, width]))
            throw Damaged(file.Path, $"its tensor '{name}' is {entry.Type} [{string.Join(", ", entry.Shape)}], expected {type} [{rows}, {width}]");
        var bytes = new byte[entry.Length];
        file.ReadBytes(entry, bytes);
        StoredVector.Decode(bytes, precision, matrix.AsSpan(firstRow * width, rows * width));
    }

    private static Keys ReadKeys(string path)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"'{Path.GetDirectoryName(path)}' holds no knowledge: there is no file '{KeysFile}' in it.");
        try
        {
            using var stream = File.OpenRead(path);
            var keys = JsonSerializer.Deserialize<Keys>(stream, StrictJson.Options) ?? throw new JsonException("it is null");
            if (keys.Users.Any(u => u is null) || keys.Scenarios.Any(s => s is null)) // which the deserializer lets through
                throw new JsonException("a user or scenario is null");
            keys.Origin.Fingerprint.Check();
            if (keys.Format != Format)
                throw Damaged(path, $"its format is '{keys.Format}', this program reads '{Format}'");
            if (!IsRising(keys.Users.Select(u => u.Id), StringComparer.Ordinal) || !IsRising(keys.Scenarios, StringComparer.Ordinal)
                || !keys.Users.All(u => u.AsOfRanks.Count > 0 && IsRising(u.AsOfRanks, Comparer<long>.Default)))
            {
                throw Damaged(path, "its users, scenarios or ranks are not in order");
            }
            return keys;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw Damaged(path, e.Message.TrimEnd('.'), e);
        }
    }

    private static bool IsRising<T>(IEnumerable<T> values, IComparer<T> comparer) =>
        values.Zip(values.Skip(1)).All(pair => comparer.Compare(pair.First, pair.Second) < 0);

    private static Llm4MsrException Damaged(string path, string what, Exception? inner = null) => new(
        FaultKind.Damaged, $"The knowledge in '{path}' is damaged: {what}. Get or make its folder again.", inner);
}
