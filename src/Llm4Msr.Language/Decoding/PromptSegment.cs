namespace Llm4Msr.Language.Decoding;

/// <summary>Tokens of one prompt that follow each other and are computed together.</summary>
/// <param name="First">The position of the first of them in the prompt.</param>
internal readonly record struct PromptSegment(int Row, int First, int Count, bool EndsPrompt)
{
    public int End => First + Count;

    public IEnumerable<long> Positions() => Enumerable.Range(First, Count).Select(position => (long)position);

    public IEnumerable<long> Of(IReadOnlyList<int[]> prompts) => prompts[Row].Skip(First).Take(Count).Select(id => (long)id);

    /// <summary>
    /// How many tokens all prompts start with: a frame, an instruction. One token less at most than the shortest has, so
    /// that each prompt has an end of its own.
    /// </summary>
    public static int SharedStart(IReadOnlyList<int[]> prompts)
    {
        if (prompts.Count == 1)
            return 0;
        var shared = prompts.Min(prompt => prompts[0].AsSpan().CommonPrefixLength(prompt));
        return Math.Min(shared, prompts.Min(prompt => prompt.Length) - 1);
    }

    /// <summary>
    /// All tokens of all prompts in order, what they share only once, cut into pieces of equal size; the last piece may be
    /// smaller.
    /// </summary>
    public static IEnumerable<List<PromptSegment>> Pieces(IReadOnlyList<int[]> prompts, int shared, int tokens)
    {
        var piece = new List<PromptSegment>();
        var room = tokens;
        for (var row = 0; row < prompts.Count; row++)
        {
            for (var first = row == 0 ? 0 : shared; first < prompts[row].Length;)
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
