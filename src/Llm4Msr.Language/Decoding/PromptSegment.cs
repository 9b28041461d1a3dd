namespace Llm4Msr.Language.Decoding;

/// <summary>Tokens of one prompt that follow each other and are computed together.</summary>
/// <param name="First">The position of the first of them in the prompt.</param>
internal readonly record struct PromptSegment(int Row, int First, int Count, bool EndsPrompt)
{
    public int End => First + Count;

    public IEnumerable<long> Positions() => Enumerable.Range(First, Count).Select(position => (long)position);

    public IEnumerable<long> Of(IReadOnlyList<int[]> prompts) => prompts[Row].Skip(First).Take(Count).Select(id => (long)id);

    /// <summary>All tokens of all prompts in order, cut into pieces of equal size; the last piece may be smaller.</summary>
    public static IEnumerable<List<PromptSegment>> Pieces(IReadOnlyList<int[]> prompts, int tokens)
    {
        var piece = new List<PromptSegment>();
        var room = tokens;
        for (var row = 0; row < prompts.Count; row++)
        {
            for (var first = 0; first < prompts[row].Length;)
            {
                var count = Math.Min(room, prompts[row].Length - first);
                piece.Add(new PromptSegment(row, first, count, first + count == prompts[row].Length));
                first += count;
                room -= count;
                if (room == 0)
                {
                    yield return piece;
                    (piece, room) = ([], tokens);
                }
            }
        }
        if (piece.Count > 0)
            yield return piece;
    }
}
