using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language.Encoders;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Reasoning.Encoders;

public sealed record EncodingOptions
{
    /// <summary>Of items; texts keep the protocol that they were asked under.</summary>
    public KnowledgeProtocol Protocol { get; init; } = KnowledgeProtocol.PastOnly;

    /// <summary>How an item's words are written.</summary>
    public PromptTemplate Template { get; init; } = PromptTemplate.BuiltIn;

    /// <summary>Texts encoded together, at most.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Threads that encode at once.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;
}

/// <param name="Stored">Records that were stored already, or are now.</param>
/// <param name="Encoded">Records of this run.</param>
public sealed record EncodingResult(int Stored, int Encoded);

/// <summary>
/// Knowledge without a language model, to compare with: vectors of a text encoder, in the same stores and under the same
/// protocols (models guide, section 2.3).
/// </summary>
/// <remarks>Shapes: D scenarios, W the encoder's width.</remarks>
public static class KnowledgeEncoder
{
    private const string State = "mean";
    private const int RecordsAtOnce = 1024;

    /// <summary>
    /// A user is the mean of the vectors of the items liked before a snapshot, for each scenario its own, [D * W], zeros where nothing is liked;
    /// a scenario is its name and description, [W].
    /// </summary>
    public static KnowledgeFingerprint FingerprintOfItems(ITextEncoder encoder, InteractionDataset data, EncodingOptions options) => new()
    {
        Source = $"{encoder.Name} of items",
        WeightsHash = encoder.WeightsHash,
        TokenizerHash = encoder.TokenizerHash,
        TemplateHash = options.Template.Hash,
        ChatFormat = "none",
        Decoding = "mean of tokens, then of the liked items of each scenario",
        States = [State],
        Norm = KnowledgeNorm.Post,
        UserWidth = data.Description.Scenarios.Count * encoder.Width,
        ScenarioWidth = encoder.Width,
        HistoryLength = 0,
        Protocol = options.Protocol,
    };

    /// <summary>The texts that a language model gave, encoded: the same keys and snapshots.</summary>
    public static KnowledgeFingerprint FingerprintOfTexts(ITextEncoder encoder, KnowledgeFingerprint texts) => texts with
    {
        Source = $"{encoder.Name} of the texts of {texts.Source}",
        WeightsHash = encoder.WeightsHash,
        TokenizerHash = encoder.TokenizerHash,
        Decoding = $"mean of tokens, of the texts of {texts.Hash()}",
        States = [State],
        Norm = KnowledgeNorm.Post,
        UserWidth = texts.UserWidth == 0 ? 0 : encoder.Width,
        ScenarioWidth = texts.ScenarioWidth == 0 ? 0 : encoder.Width,
    };

    /// <param name="store">Opened for writing with <see cref="FingerprintOfItems"/>.</param>
    /// <param name="progress">Called with texts encoded and texts to encode.</param>
    public static EncodingResult OfItems(
        ITextEncoder encoder, InteractionDataset data, KnowledgeStore store, EncodingOptions options, CancellationToken cancellation, Action<int, int>? progress = null)
    {
        var words = new PromptBuilder(data, options.Template).Items;
        var asked = Users(data, options).Concat(Scenarios(data)).ToList();
        var open = asked.Where(q => !store.Contains(q.Key, q.AsOfRank, q.Basis, q.PromptHash(words))).ToList();
        var texts = open.SelectMany(q => q.Items.SelectMany(items => items)).Distinct().Select(item => words[item])
            .Concat(open.Select(q => q.Text).OfType<string>()).Distinct().ToList();
        var vectors = new ConcurrentDictionary<string, float[]>();
        InBatches(encoder, texts, text => text, options, (batch, encoded) =>
        {
            foreach (var (text, vector) in batch.Zip(encoded))
                vectors[text] = vector;
            progress?.Invoke(vectors.Count, texts.Count);
        }, cancellation);
        foreach (var batch in open.Chunk(RecordsAtOnce))
        {
            cancellation.ThrowIfCancellationRequested();
            store.Append([.. batch.Select(q => new KnowledgeRecord
            {
                Key = q.Key,
                AsOfRank = q.AsOfRank,
                AsOfTime = data.Interactions.Time[q.AsOfRank - 1],
                Basis = q.Basis,
                PromptHash = q.PromptHash(words),
                Text = "",
                Vectors = [q.Text is { } text ? vectors[text] : [.. q.Items.SelectMany(items => Mean(items, item => vectors[words[item]], encoder.Width))]],
            })]);
        }
        return new EncodingResult(asked.Count, open.Count);
    }

    /// <param name="texts">What a language model said; what it said nothing about is left out.</param>
    /// <param name="store">Opened for writing with <see cref="FingerprintOfTexts"/>.</param>
    /// <param name="progress">Called with texts encoded and texts to encode.</param>
    public static EncodingResult OfTexts(
        ITextEncoder encoder, KnowledgeStore texts, KnowledgeStore store, EncodingOptions options, CancellationToken cancellation, Action<int, int>? progress = null)
    {
        var said = texts.Records().Where(r => !string.IsNullOrWhiteSpace(r.Text)).Select(r => r with { Vectors = [], PromptHash = FileHash.Of($"{r.PromptHash}\n{r.Text}") }).ToList();
        if (said.Count == 0)
            throw new Llm4MsrException(FaultKind.BadInput, $"The store '{texts.Path}' holds no texts to encode: its vectors were imported. Name a store that 'llm4msr reason' filled.");
        var open = said.Where(r => !store.Contains(r.Key, r.AsOfRank, r.Basis, r.PromptHash)).ToList();
        var done = 0;
        InBatches(encoder, open, record => record.Text, options, (batch, encoded) =>
        {
            store.Append([.. batch.Zip(encoded, (record, vector) => record with { Vectors = [vector] })]);
            progress?.Invoke(done += batch.Length, open.Count);
        }, cancellation);
        return new EncodingResult(said.Count, open.Count);
    }

    /// <param name="Items">Liked items of each scenario; empty for a scenario's own record.</param>
    /// <param name="Text">What is encoded instead of items.</param>
    private sealed record Subject(KnowledgeKey Key, int AsOfRank, string Basis, IReadOnlyList<IReadOnlyList<int>> Items, string? Text = null)
    {
        public string PromptHash(IReadOnlyList<string> words) => FileHash.Of(Text ?? string.Join('\n', Items.Select(items => string.Join("; ", items.Select(item => words[item])))));
    }

    private static IEnumerable<Subject> Users(InteractionDataset data, EncodingOptions options)
    {
        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        var scenarios = data.Description.Scenarios.Count;
        for (var user = 0; user < timeline.Users; user++)
        {
            var last = 0;
            foreach (var rank in SnapshotPlan.RanksFor(data, timeline, options.Protocol, user))
            {
                var liked = UserHistory.Of(data.Interactions, timeline, user, rank, scenarios, perScenario: int.MaxValue).Liked;
                if (liked.Count == last)
                    continue; // nothing, or nothing new
                last = liked.Count;
                yield return new Subject(KnowledgeKey.ForUser(data.Encoder.Users.Keys[user]), rank, Basis: "",
                    [.. Enumerable.Range(0, scenarios).Select(s => liked.Where(l => l.Scenario == s).Select(l => l.Item).ToList())]);
            }
        }
    }

    private static IEnumerable<Subject> Scenarios(InteractionDataset data) => data.Description.Scenarios.Select(scenario => new Subject(
        KnowledgeKey.ForScenario(scenario.Name), data.Interactions.Count, data.Description.TrainingPartHash, [], $"{scenario.Name}: {scenario.Description}"));

    private static float[] Mean(IReadOnlyList<int> items, Func<int, float[]> vectorOf, int width)
    {
        var mean = new float[width];
        foreach (var item in items)
        {
            var vector = vectorOf(item);
            for (var k = 0; k < width; k++)
                mean[k] += vector[k] / items.Count;
        }
        return mean;
    }

    /// <summary>Texts of like length together, the longest first.</summary>
    /// <param name="done">Called from one thread at a time.</param>
    private static void InBatches<T>(
        ITextEncoder encoder, IReadOnlyList<T> all, Func<T, string> textOf, EncodingOptions options, Action<T[], IReadOnlyList<float[]>> done, CancellationToken cancellation)
    {
        var batches = all.Select(one => (One: one, Tokens: encoder.Tokens(textOf(one)))).OrderByDescending(p => p.Tokens.Length).Chunk(options.BatchSize);
        var gate = new Lock();
        try
        {
            Parallel.ForEach(batches, new ParallelOptions { MaxDegreeOfParallelism = options.Workers, CancellationToken = cancellation }, batch =>
            {
                var vectors = encoder.Encode([.. batch.Select(p => p.Tokens)]);
                lock (gate)
                    done([.. batch.Select(p => p.One)], vectors);
            });
        }
        catch (AggregateException several)
        {
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
        }
    }
}
