using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Reasoning.Audit;

/// <summary>
/// Proves that a store keeps to its protocol, or shows where it does not: every prompt is written again and compared by
/// its hash, then its text is read, and each row of the data is asked whether what it sees holds itself or its future.
/// </summary>
public sealed class LeakAudit
{
    private const int MostFindings = 100;

    private readonly InteractionDataset _data;
    private readonly KnowledgeFingerprint _fingerprint;
    private readonly ProtocolRule _rule;
    private readonly StoredPrompts _prompts;
    private readonly PromptItems _items;
    private readonly UserTimeline _timeline;
    private readonly bool _canWrite;
    private readonly SortedDictionary<long, AuditedSnapshot>?[] _snapshots; // by user; of two as of one rank the newer record
    private readonly List<LeakFinding> _findings = [];
    private int _findingCount;
    private PromptCounts _users = new(0, 0, 0);
    private PromptCounts _scenarios = new(0, 0, 0);
    private int _otherSplits;
    private LatestRanks? _latest;

    private LeakAudit(InteractionDataset data, KnowledgeFingerprint fingerprint, PromptTemplate template, Func<string, int, string>? cutTokens)
    {
        _data = data;
        _fingerprint = fingerprint;
        _canWrite = template.Hash == fingerprint.TemplateHash;
        _rule = new ProtocolRule(data, fingerprint.Protocol);
        _prompts = new StoredPrompts(data, template, fingerprint.HistoryLength, cutTokens);
        _items = new PromptItems(data, template, cutTokens);
        _timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        _snapshots = new SortedDictionary<long, AuditedSnapshot>?[_timeline.Users];
    }

    private bool HasPrompts => _fingerprint.TemplateHash.Length > 0;

    /// <param name="data">That the knowledge was made from.</param>
    /// <param name="template">That the prompts were written with.</param>
    /// <param name="trained">What a run reads: then its rows must see what the rule says.</param>
    /// <param name="cutTokens">See <see cref="StoredPrompts"/>.</param>
    /// <param name="eachRecord">Called with the number of records read; may throw to stop.</param>
    /// <exception cref="Llm4MsrException">The knowledge was made from other interactions, or the run reads other knowledge.</exception>
    public static LeakReport Of(
        InteractionDataset data, KnowledgeStore store, PromptTemplate template, KnowledgeTable? trained = null,
        Func<string, int, string>? cutTokens = null, Action<long>? eachRecord = null)
    {
        if (store.InteractionsHash != data.Description.InteractionsHash)
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"The knowledge in '{store.Path}' was made from other interactions (hash {store.InteractionsHash}) "
                + $"than the data's ({data.Description.InteractionsHash}). Name the data that it was made from.");
        }
        if (trained is not null && !store.IsSourceOf(trained.Origin))
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"The run reads knowledge of the content {trained.Origin.ContentHash}, and the store '{store.Path}' "
                + $"has the content {store.ContentFor(trained.Origin.Basis)}. Name the store that it was trained with, or leave the run out.");
        }

        var audit = new LeakAudit(data, store.Fingerprint, template, cutTokens);
        audit.CheckStatistics();
        long read = 0;
        foreach (var record in store.Records())
        {
            if (record.Key.Level == KnowledgeLevel.User)
                audit.CheckUser(record);
            else
                audit.CheckScenario(record);
            eachRecord?.Invoke(++read);
        }
        audit.CheckSnapshotCounts();
        if (trained is not null)
            audit.CheckRowsSeen(trained);
        return new LeakReport(
            store.Fingerprint.Protocol, audit.HasPrompts, audit._canWrite, audit._users, audit._scenarios, audit._otherSplits,
            audit._snapshots.Sum(s => s?.Count ?? 0), audit._latest, audit.Exposures(), audit._findings, audit._findingCount,
            store.InteractionsHash, store.ContentHash);
    }

    private void CheckUser(KnowledgeRecord record)
    {
        if (!_data.Encoder.Users.Contains(record.Key.Id))
        {
            _users = _users with { NotRederived = _users.NotRederived + 1 };
            return;
        }
        var user = _data.Encoder.Users.RowOf(record.Key.Id);
        var ranks = _timeline.RanksOf(user);
        var own = _canWrite ? _prompts.Of(record) : null;
        var asked = own ?? (_canWrite ? _prompts.FromOtherRows(record) : null);
        if (HasPrompts)
        {
            _users = own is not null ? _users with { Rederived = _users.Rederived + 1 }
                : asked is not null ? _users with { OtherRows = _users.OtherRows + 1 }
                : _users with { NotRederived = _users.NotRederived + 1 };
        }
        var rows = asked is null ? Before(ranks, record.AsOfRank) : _items.RowsIn(asked.Text, _prompts.FrameOf(user), ranks, record.AsOfRank);
        CheckLatest(record, rows, ranks);
        (_snapshots[user] ??= [])[record.AsOfRank] = new AuditedSnapshot(record.AsOfRank, rows);
    }

    private void CheckLatest(KnowledgeRecord record, int[] rows, ReadOnlySpan<int> ranks)
    {
        if (rows.Length == 0)
            return;
        var (used, protocols) = (rows[^1], _rule.LatestAllowed(ranks));
        var allowed = (int)Math.Min(record.AsOfRank - 1, protocols);
        var margin = Math.Min(allowed - used, _latest?.SmallestMargin ?? int.MaxValue);
        _latest = _latest is null || used > _latest.Used ? new LatestRanks(used, allowed, margin) : _latest with { SmallestMargin = margin };
        if (used >= record.AsOfRank)
            Found(record, used, FormattableString.Invariant($"its prompt holds the interaction of rank {used}"));
        else if (used > protocols)
            Found(record, used, FormattableString.Invariant($"it holds the interaction of rank {used}, and with {_fingerprint.Protocol.Spelling()} none after {protocols} may stand in a prompt of this user"));
    }

    private void CheckScenario(KnowledgeRecord record)
    {
        if (record.Basis != _data.Description.TrainingPartHash)
            _otherSplits++;
        else if (HasPrompts)
        {
            _scenarios = _canWrite && _prompts.Of(record) is not null
                ? _scenarios with { Rederived = _scenarios.Rederived + 1 }
                : _scenarios with { NotRederived = _scenarios.NotRederived + 1 };
        }
    }

    /// <summary>Scenario prompts hold the statistics of the data's description: they have to be those of the training part.</summary>
    private void CheckStatistics()
    {
        var (described, scenarios) = (_data.Description.Training, _data.Description.Scenarios);
        var interactions = new int[scenarios.Count];
        var training = _data.RanksOf(Part.Training);
        foreach (var rank in training)
            interactions[_data.Interactions.Scenario[rank]]++;
        var (users, items) = (Counted(training, _data.Interactions.User), Counted(training, _data.Interactions.Item));
        List<(string What, int Described, int Counted)> all =
        [
            ("users", described.Users, users.InAny), ("items", described.Items, items.InAny),
            ("users of all scenarios", described.OverlappingUsers, users.InAll), ("items of all scenarios", described.OverlappingItems, items.InAll),
        ];
        for (var s = 0; s < scenarios.Count; s++)
        {
            foreach (var (what, says, counted) in all.Prepend(("interactions", described.Scenarios[s].Interactions, interactions[s])).Where(c => c.Item2 != c.Item3))
            {
                Found(KnowledgeKey.ForScenario(scenarios[s].Name), _data.Interactions.Count, -1,
                    FormattableString.Invariant($"its prompt counts {says} {what}, and the training part has {counted}"));
            }
        }
    }

    /// <param name="training">Ranks of the training part.</param>
    /// <param name="entityOfRank">Of each interaction its user, or its item.</param>
    /// <returns>How many are in any scenario of the training part, and how many in every one.</returns>
    private (int InAny, int InAll) Counted(int[] training, int[] entityOfRank)
    {
        var met = training.Select(rank => (Entity: entityOfRank[rank], Scenario: _data.Interactions.Scenario[rank])).ToHashSet();
        var scenariosOf = met.GroupBy(m => m.Entity).Select(of => of.Count()).ToList();
        return (scenariosOf.Count, scenariosOf.Count(count => count == _data.Description.Scenarios.Count));
    }

    private void CheckSnapshotCounts()
    {
        if (_fingerprint.Protocol == KnowledgeProtocol.PastOnly)
            return;
        for (var user = 0; user < _snapshots.Length; user++)
        {
            if (_snapshots[user] is { Count: > 1 and var several } snapshots)
            {
                Found(KnowledgeKey.ForUser(_data.Encoder.Users.Keys[user]), snapshots.Keys.Last(), -1,
                    FormattableString.Invariant($"it is one of {several} snapshots, and {_fingerprint.Protocol.Spelling()} means one"));
            }
        }
    }

    /// <summary>What training reads is looked up by other code than this, and the two must agree.</summary>
    private void CheckRowsSeen(KnowledgeTable table)
    {
        long[] asOf = [.. table.Users.SelectMany(u => u.AsOfRanks)];
        var seen = table.RowsSeen(_data.Encoder.Users.Keys, _data.Interactions.User, [.. _data.Parts.Select(p => p is Part.Validation or Part.Test)]);
        for (var rank = 0; rank < seen.Length; rank++)
        {
            var (actual, expected) = (seen[rank] < 0 ? -1 : asOf[seen[rank]], SeenBy(rank)?.AsOfRank ?? -1);
            if (actual != expected)
            {
                Found(KnowledgeKey.ForUser(_data.Encoder.Users.Keys[_data.Interactions.User[rank]]), actual, rank,
                    FormattableString.Invariant($"the run shows it to the interaction of rank {rank}, and the protocol shows that one {(expected < 0 ? "nothing" : $"the snapshot as of rank {expected}")}"));
            }
        }
    }

    private List<PartExposure> Exposures()
    {
        var parts = Enum.GetValues<Part>();
        int[] rows = new int[parts.Length], known = new int[parts.Length], self = new int[parts.Length], future = new int[parts.Length], affected = new int[parts.Length];
        for (var rank = 0; rank < _data.Interactions.Count; rank++)
        {
            var part = (int)_data.Parts[rank];
            rows[part]++;
            if (SeenBy(rank) is not { } snapshot)
                continue;
            known[part]++;
            var (itself, later) = (Array.BinarySearch(snapshot.Rows, rank) >= 0, snapshot.Rows.Length > 0 && snapshot.Rows[^1] > rank);
            self[part] += itself ? 1 : 0;
            future[part] += later ? 1 : 0;
            affected[part] += itself || later ? 1 : 0;
        }
        return [.. parts.Select((part, k) => new PartExposure(part, rows[k], known[k], self[k], future[k], affected[k], _rule.Forbids(part)))];
    }

    private AuditedSnapshot? SeenBy(int rank) =>
        _snapshots[_data.Interactions.User[rank]] is { } snapshots ? _rule.SeenBy(rank, snapshots.Values) : null;

    private static int[] Before(ReadOnlySpan<int> ranks, long asOfRank)
    {
        var count = 0;
        while (count < ranks.Length && ranks[count] < asOfRank)
            count++;
        return ranks[..count].ToArray();
    }

    private void Found(KnowledgeRecord record, int rank, string what) => Found(record.Key, record.AsOfRank, rank, what);

    private void Found(KnowledgeKey key, long asOfRank, int rank, string what)
    {
        if (_findingCount++ < MostFindings)
            _findings.Add(new LeakFinding(key.ToString(), asOfRank, rank, FormattableString.Invariant($"The snapshot of the {key} as of rank {asOfRank} leaks: {what}.")));
    }
}
