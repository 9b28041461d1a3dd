using Llm4Msr.Data;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Reasoning.Audit;

/// <summary>
/// Reads items out of the text of a prompt. It knows how one item is written, and nothing of how a history is chosen: the
/// code that writes prompts is not trusted to say what stands in them.
/// </summary>
internal sealed class PromptItems(InteractionDataset data, PromptTemplate template, Func<string, int, string>? cutTokens)
{
    private readonly string[] _names = [.. data.ReadItemWords().Select(words => template.Fill("item",
        ("title", UntrustedText.Clean(words.Title, cutTokens)), ("category", UntrustedText.Clean(words.Category, cutTokens))))];

    /// <summary>
    /// The rows that explain the items of a text: for each time that an item is named the newest liked row before
    /// <paramref name="asOfRank"/>, and where there are too few of them, liked rows that come after.
    /// </summary>
    /// <param name="frame">The text without items: a name that stands there too says nothing.</param>
    /// <param name="ranks">All rows of the user, ascending.</param>
    /// <returns>Ranks, ascending.</returns>
    public int[] RowsIn(string text, string frame, ReadOnlySpan<int> ranks, long asOfRank)
    {
        var liked = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        foreach (var rank in ranks)
        {
            var name = _names[data.Interactions.Item[rank]];
            if (!data.Interactions.Positive[rank] || name.Length == 0 || frame.Contains(name, StringComparison.Ordinal))
                continue;
            if (!liked.TryGetValue(name, out var rows))
                liked.Add(name, rows = []);
            rows.Add(rank);
        }

        var unread = text.ToCharArray();
        List<int> found = [];
        foreach (var (name, rows) in liked.OrderByDescending(l => l.Key.Length)) // a name may be a part of a longer one
        {
            var mentions = TakeOut(unread, name);
            found.AddRange(rows.Where(rank => rank < asOfRank).Reverse().Concat(rows.Where(rank => rank >= asOfRank)).Take(mentions));
        }
        return [.. found.Order()];
    }

    /// <summary>Blanks a name wherever it stands on its own, and says how often it did.</summary>
    private static int TakeOut(Span<char> text, string name)
    {
        var mentions = 0;
        for (var at = 0; at + name.Length <= text.Length;)
        {
            var next = text[at..].IndexOf(name, StringComparison.Ordinal);
            if (next < 0)
                break;
            var (start, end) = (at + next, at + next + name.Length);
            at = start + 1;
            if ((start > 0 && char.IsLetterOrDigit(text[start - 1])) || (end < text.Length && char.IsLetterOrDigit(text[end])))
                continue;
            text[start..end].Clear(); // so that no shorter name is read in it
            mentions++;
            at = end;
        }
        return mentions;
    }
}
