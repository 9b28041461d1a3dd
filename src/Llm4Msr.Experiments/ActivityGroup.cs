using Llm4Msr.Evaluation;

namespace Llm4Msr.Experiments;

/// <summary>Users of similar activity, and how far a run is ahead on their rows.</summary>
/// <param name="From">The least of their numbers of interactions, all parts of the data counted.</param>
/// <param name="To">The most.</param>
/// <param name="Users">With rows that were scored.</param>
/// <param name="Gain">Mean over the scenarios, the run less its baseline.</param>
public sealed record ActivityGroup(int From, int To, int Users, AucDifference Gain)
{
    private const int MostGroups = 4;

    /// <summary>About as many users in each, fewer groups where users are few; users of the same activity are never parted.</summary>
    /// <param name="activity">Interactions of each user, by row of the user table.</param>
    public static IReadOnlyList<ActivityGroup> Of(
        IReadOnlyDictionary<int, ScoredRows> baseline, IReadOnlyDictionary<int, ScoredRows> run, int[] activity, EvaluationOptions options, CancellationToken cancellation)
    {
        int[] users = [.. run.Values.First().User.Distinct().OrderBy(user => activity[user])];
        var groups = Math.Clamp(users.Length / (2 * options.MinimumUsers), 1, MostGroups);
        List<ActivityGroup> found = [];
        for (int start = 0, k = 1; start < users.Length; k++)
        {
            var end = Math.Max(start + 1, users.Length * k / groups);
            while (end < users.Length && activity[users[end]] == activity[users[end - 1]])
                end++;
            var (from, to) = (activity[users[start]], activity[users[end - 1]]);
            var gain = Comparison.Of(Only(baseline, from, to), Only(run, from, to), options, cancellation).Mean;
            found.Add(new ActivityGroup(from, to, end - start, gain));
            start = end;
        }
        return found;

        Dictionary<int, ScoredRows> Only(IReadOnlyDictionary<int, ScoredRows> seeds, int from, int to) =>
            seeds.ToDictionary(seed => seed.Key, seed => RowsOf(seed.Value, user => activity[user] >= from && activity[user] <= to));
    }

    private static ScoredRows RowsOf(ScoredRows rows, Func<int, bool> counted)
    {
        int[] own = [.. Enumerable.Range(0, rows.Count).Where(row => counted(rows.User[row]))];
        return new ScoredRows(
            rows.Scenarios, Array.ConvertAll(own, row => rows.Scenario[row]), Array.ConvertAll(own, row => rows.User[row]),
            Array.ConvertAll(own, row => rows.Logits[row]), Array.ConvertAll(own, row => rows.Clicked[row]));
    }
}
