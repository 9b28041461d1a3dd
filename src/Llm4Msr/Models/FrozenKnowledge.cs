using Llm4Msr.Knowledge;
using Llm4Msr.Models.Enhancements;
using TorchSharp;

namespace Llm4Msr.Models;

/// <summary>
/// Stored knowledge as a model reads it, made once: nothing of it changes while the model trains or scores, but for users'
/// vectors that are learned in its place.
/// </summary>
/// <remarks>Shapes: N stored user vectors, R their width once read, S scenarios.</remarks>
public sealed class FrozenKnowledge : IDisposable
{
    private readonly KnowledgeReader _reader;
    private readonly Tensor _users;
    private readonly Tensor _scenarios;
    private readonly bool[] _scenarioMissing;
    private readonly int[]? _userOfRow;

    /// <param name="users">As stored, [N, H] float32.</param>
    /// <param name="scenarios">As stored, [S, Hs] float32; the row of a scenario without knowledge is not read.</param>
    /// <param name="scenarioMissing">S flags.</param>
    /// <param name="userOfRow">N, whose vector each is; read where the reader learns users' vectors.</param>
    public FrozenKnowledge(KnowledgeReader reader, Tensor users, Tensor scenarios, bool[] scenarioMissing, int[]? userOfRow = null)
    {
        if (reader.LearnsUsers)
            _userOfRow = userOfRow ?? throw new ArgumentNullException(nameof(userOfRow));
        _reader = reader;
        _scenarioMissing = scenarioMissing;
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        _users = reader.ReadUsers(users).MoveToOuterDisposeScope();
        _scenarios = reader.ReadScenarios(scenarios).MoveToOuterDisposeScope();
        _users.DetachFromDisposeScope();
        _scenarios.DetachFromDisposeScope();
    }

    /// <summary>Reads a whole table.</summary>
    /// <param name="scenarios">The model's scenarios by name; one that the table does not hold is without knowledge.</param>
    public static FrozenKnowledge Of(KnowledgeTable table, KnowledgeReader reader, IReadOnlyList<string> scenarios)
    {
        using var scope = torch.NewDisposeScope();
        var vectors = new float[scenarios.Count * table.ScenarioWidth];
        var missing = new bool[scenarios.Count];
        for (var s = 0; s < missing.Length; s++)
        {
            var row = table.ScenarioRow(scenarios[s]);
            missing[s] = row < 0;
            if (row >= 0)
                table.ScenarioVectors.AsSpan(row * table.ScenarioWidth, table.ScenarioWidth).CopyTo(vectors.AsSpan(s * table.ScenarioWidth));
        }
        return new FrozenKnowledge(
            reader, torch.tensor(table.UserVectors).view(table.Count, table.UserWidth), torch.tensor(vectors).view(scenarios.Count, table.ScenarioWidth), missing,
            [.. table.Users.SelectMany((user, place) => Enumerable.Repeat(place, user.AsOfRanks.Count))]);
    }

    /// <summary>The knowledge of a batch, in the current dispose scope.</summary>
    /// <param name="rows">For each row of the batch its stored user vector, or -1 for none.</param>
    /// <param name="dropScenario">Scenarios whose knowledge is hidden for this step; empty for none.</param>
    public BatchKnowledge For(ReadOnlySpan<int> rows, ReadOnlySpan<bool> dropScenario = default)
    {
        var distinct = new List<long>();
        var place = new Dictionary<int, int>();
        var owner = new long[rows.Length];
        for (var row = 0; row < rows.Length; row++)
        {
            if (rows[row] < 0)
                continue;
            if (!place.TryGetValue(rows[row], out var found))
            {
                distinct.Add(rows[row]);
                place.Add(rows[row], found = distinct.Count);
            }
            owner[row] = found;
        }

        var missing = new bool[_scenarioMissing.Length];
        for (var s = 0; s < missing.Length; s++)
            missing[s] = _scenarioMissing[s] || (!dropScenario.IsEmpty && dropScenario[s]);
        var users = _userOfRow is null
            ? _users.index_select(0, torch.tensor(distinct.ToArray()))
            : _reader.LearnedUsers(torch.tensor(distinct.Select(row => (long)_userOfRow[row]).ToArray()));
        return _reader.Fill(
            users, torch.tensor(owner), _scenarios, torch.tensor(missing).unsqueeze(1));
    }

    public void Dispose()
    {
        _users.Dispose();
        _scenarios.Dispose();
    }
}
