namespace Llm4Msr.Language;

/// <summary>What a replay of reference numbers showed.</summary>
/// <param name="Kind">What the reference file holds: "decoder", "chat model", "tokenizer" or "block formats".</param>
/// <param name="Compared">Prompts, texts or tensors.</param>
/// <param name="Tolerance">The largest difference that is allowed, in root mean squares of what was expected; 0 where all must be equal.</param>
/// <param name="LargestDifference">In the same unit.</param>
/// <param name="Where">Where that was.</param>
/// <param name="FirstWrong">The first id, text or number that is not the expected one; null where all are.</param>
public sealed record VerificationResult(string Kind, int Compared, double Tolerance, double LargestDifference, string? Where, string? FirstWrong)
{
    public bool Passed => FirstWrong is null && LargestDifference <= Tolerance;
}

/// <summary>Collects what differs.</summary>
internal sealed class Differences
{
    private string? _where;
    private string? _firstWrong;
    private double _largest;

    public void Compare(string where, IReadOnlyList<int> expected, IReadOnlyList<int> actual)
    {
        for (var i = 0; i < Math.Max(expected.Count, actual.Count); i++)
        {
            if (i >= expected.Count || i >= actual.Count || expected[i] != actual[i])
            {
                Wrong($"{where}: id {i} is {(i < actual.Count ? $"{actual[i]}" : "missing")}, expected {(i < expected.Count ? $"{expected[i]}" : "none")}");
                return;
            }
        }
    }

    public void Compare(string where, string expected, string actual)
    {
        if (expected != actual)
            Wrong($"{where}: the text is '{Shortened(actual)}', expected '{Shortened(expected)}'");
    }

    /// <summary>In root mean squares of what was expected.</summary>
    public void Compare(string where, float[] expected, float[] actual)
    {
        if (expected.Length != actual.Length)
        {
            Wrong($"{where}: {actual.Length} numbers, expected {expected.Length}");
            return;
        }
        var rootMeanSquare = Math.Sqrt(expected.Average(e => (double)e * e));
        var difference = expected.Zip(actual, (e, a) => Math.Abs((double)e - a)).Max();
        Add(where, difference == 0 ? 0 : difference / rootMeanSquare);
    }

    /// <summary>Numbers that must be equal to the bit.</summary>
    public void CompareExactly(string where, float[] expected, float[] actual)
    {
        Compare(where, expected, actual);
        for (var i = 0; i < Math.Min(expected.Length, actual.Length); i++)
        {
            if (expected[i] != actual[i])
            {
                Wrong(FormattableString.Invariant($"{where}: number {i} is {actual[i]:R}, expected {expected[i]:R}"));
                return;
            }
        }
    }

    public void Wrong(string what) => _firstWrong ??= what;

    public VerificationResult Result(string kind, int compared, double tolerance) => new(kind, compared, tolerance, _largest, _where, _firstWrong);

    private void Add(string where, double difference)
    {
        if (_where is null || difference > _largest || double.IsNaN(difference))
            (_largest, _where) = (double.IsNaN(difference) ? double.PositiveInfinity : difference, where);
    }

    private static string Shortened(string text) => text.Length > 60 ? text[..60] + "..." : text;
}
