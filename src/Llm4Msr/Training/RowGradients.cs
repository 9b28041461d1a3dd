using System.Numerics;

namespace Llm4Msr.Training;

/// <summary>A table's gradient per look-up to one per row: a row that a batch looks up often gets the sum.</summary>
/// <remarks>Its memory is kept from step to step. The sums do not depend on anything but the order of the look-ups.</remarks>
internal sealed class RowGradients
{
    private readonly Dictionary<int, int> _places = [];
    private int[] _touched = [];
    private float[] _sums = [];

    /// <param name="rows">The row of each look-up.</param>
    /// <param name="gradients">The gradient of each look-up, one after the other.</param>
    /// <returns>The distinct rows in the order of their first look-up, and their gradients; valid until the next call.</returns>
    public RowSums Sum(ReadOnlySpan<long> rows, ReadOnlySpan<float> gradients, int width)
    {
        _places.Clear();
        if (_touched.Length < rows.Length)
            _touched = new int[rows.Length];
        if (_sums.Length < gradients.Length)
            _sums = new float[gradients.Length];
        for (var k = 0; k < rows.Length; k++)
        {
            var row = checked((int)rows[k]);
            var gradient = gradients.Slice(k * width, width);
            if (_places.TryGetValue(row, out var place))
            {
                Add(gradient, _sums.AsSpan(place * width, width));
            }
            else
            {
                place = _places.Count;
                _places.Add(row, place);
                _touched[place] = row;
                gradient.CopyTo(_sums.AsSpan(place * width));
            }
        }
        return new RowSums(_touched.AsSpan(0, _places.Count), _sums.AsSpan(0, _places.Count * width));
    }

    private static void Add(ReadOnlySpan<float> one, Span<float> to)
    {
        var k = 0;
        for (; k <= to.Length - Vector<float>.Count; k += Vector<float>.Count)
            (new Vector<float>(to[k..]) + new Vector<float>(one[k..])).CopyTo(to[k..]);
        for (; k < to.Length; k++)
            to[k] += one[k];
    }
}

/// <summary>Distinct rows of a table, and their gradients one after the other.</summary>
internal readonly ref struct RowSums(ReadOnlySpan<int> rows, ReadOnlySpan<float> gradients)
{
    public ReadOnlySpan<int> Rows { get; } = rows;

    public ReadOnlySpan<float> Gradients { get; } = gradients;
}
