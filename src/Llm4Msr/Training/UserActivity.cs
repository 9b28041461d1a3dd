using Llm4Msr.Data;

namespace Llm4Msr.Training;

/// <summary>
/// Who is active, by what is known before anything is scored: the interactions that a user trains on, or for a user who is
/// held out, those that are only history.
/// </summary>
public static class UserActivity
{
    /// <summary>By row of the user table.</summary>
    public static int[] Of(InteractionDataset data)
    {
        var (training, history) = (new int[data.Encoder.Users.Count], new int[data.Encoder.Users.Count]);
        for (var rank = 0; rank < data.Parts.Count; rank++)
        {
            if (data.Parts[rank] == Part.Training)
                training[data.Interactions.User[rank]]++;
            else if (data.Parts[rank] == Part.Unused)
                history[data.Interactions.User[rank]]++;
        }
        return [.. training.Zip(history, (trained, known) => trained > 0 ? trained : known)];
    }

    /// <summary>The ids of the most active users; of equals, those that the data name first.</summary>
    /// <param name="percent">Of the users who have any interaction that counts, rounded up.</param>
    public static IReadOnlySet<string> MostActive(InteractionDataset data, double percent)
    {
        var activity = Of(data);
        int[] active = [.. Enumerable.Range(0, activity.Length).Where(user => activity[user] > 0)];
        var count = (int)Math.Ceiling(active.Length * percent / 100);
        return active.OrderByDescending(user => activity[user]).ThenBy(user => user).Take(count).Select(user => data.Encoder.Users.Keys[user]).ToHashSet(StringComparer.Ordinal);
    }
}
