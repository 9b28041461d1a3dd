using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Import;

/// <summary>Vectors that somebody else made: a tensor of a safetensors file, a column of a Parquet file, a field of JSON lines.</summary>
/// <param name="Tenths">Of users' vectors: from the first how many tenths of a user's own interactions they were made. Of scenarios' vectors 0.</param>
/// <param name="State">Name of the state definition.</param>
/// <param name="Tensor">Its name: of the tensor, column or field.</param>
public sealed record VectorSource(KnowledgeLevel Level, int Tenths, string State, string File, string Tensor);

/// <param name="Name">What the vectors are called in the fingerprint.</param>
/// <param name="UserKeys">The user of each row of a tensor; null for the users of the data in their order.</param>
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
        RefuseExisting(storePath);
        var users = options.UserKeys ?? data.Encoder.Users.Keys;
        var scenarios = data.Description.Scenarios.Select(s => s.Name).ToList();
        var vectors = options.Sources.Select(source => VectorFile.Read(source, source.Level == KnowledgeLevel.Scenario ? scenarios : users)).ToList();
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
        WholeStore.Write(storePath, unfinished =>
        {
            using var store = KnowledgeStore.OpenForWriting(unfinished, fingerprint, data.Description.InteractionsHash);
            foreach (var batch in records.Chunk(RecordsAtOnce))
                store.Append(batch);
        });
        return new KnowledgeImportResult(records.Count, withoutVectors);
    }

    internal static void RefuseExisting(string storePath)
    {
        if (File.Exists(storePath))
            throw new Llm4MsrException(FaultKind.Usage, $"'{storePath}' is there already. Name another file: an import fills a store of its own.");
    }

    private static IEnumerable<KnowledgeRecord> ScenarioRecords(
        InteractionDataset data, List<string> states, KnowledgeImportOptions options, List<VectorMatrix> vectors)
    {
        var byState = ByState(KnowledgeLevel.Scenario, tenths: 0, states, options, vectors);
        if (byState is null)
            yield break;
        foreach (var scenario in data.Description.Scenarios)
        {
            yield return new KnowledgeRecord
            {
                Key = KnowledgeKey.ForScenario(scenario.Name),
                AsOfRank = data.Interactions.Count,
                AsOfTime = data.Interactions.Time[^1],
                Basis = data.Description.TrainingPartHash,
                PromptHash = PromptHash(byState),
                Text = Unknown,
                Vectors = [.. byState.Select(m => m.Of(scenario.Name))],
            };
        }
    }

    private static IEnumerable<KnowledgeRecord> UserRecords(
        InteractionDataset data, List<string> states, KnowledgeImportOptions options, List<VectorMatrix> vectors, Action skipped)
    {
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        foreach (var tenths in options.Sources.Where(s => s.Level == KnowledgeLevel.User).Select(s => s.Tenths).Distinct().Order())
        {
            var byState = ByState(KnowledgeLevel.User, tenths, states, options, vectors)!;
            foreach (var key in byState[0].Keys)
            {
                var user = data.Encoder.Users.RowOf(key);
                if (user == data.Encoder.Users.UnknownRow)
                    throw new Llm4MsrException(FaultKind.BadInput, $"{byState[0].PlaceOf(key)} belongs to the user '{key}', who is not in the data. Name users as the data does.");
                if (timeline.AsOfTenths(user, tenths) is not { } asOf)
                    continue; // too few interactions for so early a snapshot
                if (byState.All(m => m.Of(key).All(value => value == 0)))
                {
                    skipped(); // the usual way to write "nothing known" in a matrix
                    continue;
                }
                yield return new KnowledgeRecord
                {
                    Key = KnowledgeKey.ForUser(key),
                    AsOfRank = asOf,
                    AsOfTime = data.Interactions.Time[asOf - 1],
                    PromptHash = PromptHash(byState),
                    Text = Unknown,
                    Vectors = [.. byState.Select(m => m.Of(key))],
                };
            }
        }
    }

    /// <summary>The matrices of one snapshot in the order of the states; null where there is none.</summary>
    private static List<VectorMatrix>? ByState(KnowledgeLevel level, int tenths, List<string> states, KnowledgeImportOptions options, List<VectorMatrix> vectors)
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

    private static int Width(KnowledgeLevel level, KnowledgeImportOptions options, List<VectorMatrix> vectors)
    {
        var widths = options.Sources.Zip(vectors).Where(p => p.First.Level == level).Select(p => p.Second.Width).Distinct().ToList();
        return widths.Count <= 1
            ? widths.FirstOrDefault()
            : throw new Llm4MsrException(FaultKind.BadInput, $"The {level.ToString().ToLowerInvariant()} vectors have different widths: {string.Join(", ", widths)}. Import them into stores of their own.");
    }

    private static string PromptHash(List<VectorMatrix> matrices) => FileHash.Of(string.Join('\n', matrices.Select(m => m.Hash)));
}
