namespace Llm4Msr.Data;

/// <summary>Each user's interactions by rank.</summary>
public sealed class UserTimeline
{
    private readonly int[] _ranks;
    private readonly int[] _starts;

    public UserTimeline(ReadOnlySpan<int> userOfRank, int users)
    {
        _starts = new int[users + 1];
        foreach (var user in userOfRank)
            _starts[user + 1]++;
        for (var user = 0; user < users; user++)
            _starts[user + 1] += _starts[user];
        _ranks = new int[userOfRank.Length];
        var next = _starts.AsSpan(0, users).ToArray();
        for (var rank = 0; rank < userOfRank.Length; rank++)
            _ranks[next[userOfRank[rank]]++] = rank;
    }

    public int Users => _starts.Length - 1;

    /// <summary>The ranks of a user's interactions, ascending.</summary>
    public ReadOnlySpan<int> RanksOf(int user) => _ranks.AsSpan(_starts[user].._starts[user + 1]);

    /// <summary>
    /// The rank from which on a snapshot made of the first <paramref name="tenths"/> tenths of a user's own interactions
    /// is older than what it is shown to: one more than the last rank in it. Null where that is no interaction at all.
    /// </summary>
    public int? AsOfTenths(int user, int tenths)
    {
        var ranks = RanksOf(user);
        var taken = FirstTenths(ranks.Length, tenths);
        return taken == 0 ? null : ranks[taken - 1] + 1;
    }

    /// <summary>How many of <paramref name="count"/> things are in the first tenths, rounded down; whole numbers, so that no machine rounds differently.</summary>
    public static int FirstTenths(int count, int tenths) => (int)((long)count * tenths / 10);
}
