using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Import;

/// <summary>Vectors that somebody else made: one tensor of a safetensors file.</summary>
/// <param name="Tenths">Of users' vectors: from the first how many tenths of a user's own interactions they were made. Of scenarios' vectors 0.</param>
/// <param name="State">Name of the state definition.</param>
public sealed record VectorSource(KnowledgeLevel Level, int Tenths, string State, string File, string Tensor);

/// <param name="Name">What the vectors are called in the fingerprint.</param>
/// <param name="UserKeys">The user of each row; null for the users of the data in their order.</param>
public sealed record KnowledgeImportOptions(
    string Name, KnowledgeProtocol Protocol, IReadOnlyList<VectorSource> Sources, IReadOnlyList<string>? UserKeys = null);

/// <param name="UsersWithoutVectors">Rows of zeros: users about whom nothing was known.</param>
public sealed record KnowledgeImportResult(int Records, int UsersWithoutVectors);

/// <summary>Fills a knowledge store from vectors made elsewhere, so that training need not wait for a language model of our own.</summary>
public static class KnowledgeImport
{
    private const string Unknown = "";
    private const int RecordsAtOnce = 4096;

    public static KnowledgeImportResult Run(InteractionDataset data, KnowledgeImportOptions options, string storePath)
    {
        if (File.Exists(storePath))
            throw new Llm4MsrException(FaultKind.Usage, $"'{storePath}' is there already. Name another file: an import fills a store of its own.");
        var vectors = options.Sources.Select(Read).ToList();
        var states = options.Sources.Select(s => s.State).Distinct().ToList();
        var withoutVectors = 0;
        var records = ScenarioRecords(data, states, options, vectors).Concat(UserRecords(data, states, options, vectors, () => withoutVectors++)).ToList();

        var fingerprint = new KnowledgeFingerprint
        {
            Source = options.Name,
            WeightsHash = Unknown,
            TokenizerHash = Unknown,
            TemplateHash = Unknown,
            ChatFormat = "none",
            Decoding = "imported",
            States = states,
            Norm = KnowledgeNorm.Post,
            UserWidth = Width(KnowledgeLevel.User, options, vectors),
            ScenarioWidth = Width(KnowledgeLevel.Scenario, options, vectors),
            HistoryLength = 0,
            Protocol = options.Protocol,
            Precision = vectors.All(v => v.IsHalf) ? KnowledgePrecision.Fp16 : KnowledgePrecision.Fp32,
        };
        WriteWhole(storePath, unfinished =>
        {
            using var store = KnowledgeStore.OpenForWriting(unfinished, fingerprint, data.Description.InteractionsHash);
            foreach (var batch in records.Chunk(RecordsAtOnce))
                store.Append(batch);
        });
        return new KnowledgeImportResult(records.Count, withoutVectors);
    }

    /// <summary>Writes a store under another name and gives it its own when all is in it: a part of an import must not look like one.</summary>
    private static void WriteWhole(string path, Action<string> write)
    {
        var unfinished = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            write(unfinished);
            File.Move(unfinished, path);
            DurableFile.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        finally
        {
            foreach (var left in new[] { unfinished, unfinished + "-journal", unfinished + ".lock" }.Where(File.Exists))
                File.Delete(left);
        }
    }

    private sealed record Matrix(float[] Values, int Rows, int Width, bool IsHalf, string Hash)
    {
        public float[] Row(int row) => Values[(row * Width)..((row + 1) * Width)];
    }

    private static Matrix Read(VectorSource source)
    {
        using var file = SafetensorsFile.Open(source.File);
        var entry = file.Entry(source.Tensor);
        if (entry.Shape.Length != 2 || entry.Type is not ("F16" or "F32" or "BF16" or "F64"))
        {
            throw new Llm4MsrException(FaultKind.BadInput,
                $"'{source.File}': the tensor '{source.Tensor}' is {entry.Type} [{string.Join(", ", entry.Shape)}], expected numbers in rows and columns.");
        }
        using var scope = torch.NewDisposeScope();
        var values = file.Read(source.Tensor).to(torch.float32).data<float>().ToArray();
        return new Matrix(values, (int)entry.Shape[0], (int)entry.Shape[1], entry.Type == "F16", FileHash.Of($"{FileHash.OfFile(source.File)}#{source.Tensor}"));
    }

    private static IEnumerable<KnowledgeRecord> ScenarioRecords(
        InteractionDataset data, List<string> states, KnowledgeImportOptions options, List<Matrix> vectors)
    {
        var byState = ByState(KnowledgeLevel.Scenario, tenths: 0, states, options, vectors);
        if (byState is null)
            yield break;
        var scenarios = data.Description.Scenarios;
        CheckRows(byState, scenarios.Count, "scenarios of the data");
        for (var s = 0; s < scenarios.Count; s++)
        {
            yield return new KnowledgeRecord
            {
                Key = KnowledgeKey.ForScenario(scenarios[s].Name),
                AsOfRank = data.Interactions.Count,
                AsOfTime = data.Interactions.Time[^1],
                Basis = data.Description.TrainingPartHash,
                PromptHash = PromptHash(byState),
                Text = Unknown,
                Vectors = [.. byState.Select(m => m.Row(s))],
            };
        }
    }

    private static IEnumerable<KnowledgeRecord> UserRecords(
        InteractionDataset data, List<string> states, KnowledgeImportOptions options, List<Matrix> vectors, Action skipped)
    {
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        var keys = options.UserKeys ?? data.Encoder.Users.Keys;
        foreach (var tenths in options.Sources.Where(s => s.Level == KnowledgeLevel.User).Select(s => s.Tenths).Distinct().Order())
        {
            var byState = ByState(KnowledgeLevel.User, tenths, states, options, vectors)!;
            CheckRows(byState, keys.Count, options.UserKeys is null ? "users of the data" : "user keys");
            for (var row = 0; row < keys.Count; row++)
            {
                var user = data.Encoder.Users.RowOf(keys[row]);
                if (user == data.Encoder.Users.UnknownRow)
                    throw new Llm4MsrException(FaultKind.BadInput, $"Row {row + 1} belongs to the user '{keys[row]}', who is not in the data. Name users as the data does.");
                if (timeline.AsOfTenths(user, tenths) is not { } asOf)
                    continue; // too few interactions for so early a snapshot
                if (byState.All(m => m.Row(row).All(value => value == 0)))
                {
                    skipped(); // the usual way to write "nothing known" in a matrix
                    continue;
                }
                yield return new KnowledgeRecord
                {
                    Key = KnowledgeKey.ForUser(keys[row]),
                    AsOfRank = asOf,
                    AsOfTime = data.Interactions.Time[asOf - 1],
                    PromptHash = PromptHash(byState),
                    Text = Unknown,
                    Vectors = [.. byState.Select(m => m.Row(row))],
                };
            }
        }
    }

    /// <summary>The matrices of one snapshot in the order of the states; null where there is none.</summary>
    private static List<Matrix>? ByState(KnowledgeLevel level, int tenths, List<string> states, KnowledgeImportOptions options, List<Matrix> vectors)
    {
        var own = options.Sources.Select((source, k) => (source, matrix: vectors[k])).Where(p => p.source.Level == level && p.source.Tenths == tenths).ToList();
        if (own.Count == 0)
            return null;
        return [.. states.Select(state => own.Where(p => p.source.State == state).Select(p => p.matrix).ToList() switch
        {
            [var only] => only,
            var found => throw new Llm4MsrException(FaultKind.Usage,
                $"The {level.ToString().ToLowerInvariant()} vectors{(level == KnowledgeLevel.User ? $" at {tenths * 10} %" : "")} name the state '{state}' {found.Count} times. "
                + "Every snapshot needs each state once."),
        })];
    }

    private static int Width(KnowledgeLevel level, KnowledgeImportOptions options, List<Matrix> vectors)
    {
        var widths = options.Sources.Zip(vectors).Where(p => p.First.Level == level).Select(p => p.Second.Width).Distinct().ToList();
        return widths.Count <= 1
            ? widths.FirstOrDefault()
            : throw new Llm4MsrException(FaultKind.BadInput, $"The {level.ToString().ToLowerInvariant()} vectors have different widths: {string.Join(", ", widths)}. Import them into stores of their own.");
    }

    private static void CheckRows(List<Matrix> matrices, int expected, string what)
    {
        if (matrices.FirstOrDefault(m => m.Rows != expected) is { } odd)
            throw new Llm4MsrException(FaultKind.BadInput, $"A tensor has {odd.Rows} rows, but there are {expected} {what}. Give the keys of the rows with --keys.");
    }

    private static string PromptHash(List<Matrix> matrices) => FileHash.Of(string.Join('\n', matrices.Select(m => m.Hash)));
}
