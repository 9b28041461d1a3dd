using System.Runtime.InteropServices;
using System.Text;
using Apache.Arrow;

namespace Llm4Msr.Data;

/// <summary>What a raw field holds.</summary>
/// <param name="MultiValued">Any number of values per entity; else one, or none where it is missing.</param>
internal sealed record RawFieldKind(string Name, bool MultiValued);

/// <summary>
/// One raw field while its table goes by: each distinct value once, and for every row the positions of its values among
/// them. Which of them the training part holds is known only after the interactions, so nothing is encoded before.
/// </summary>
internal sealed class RawFieldReader(RawFieldKind kind)
{
    private const int Missing = -1, ShortText = 256;

    private readonly Dictionary<string, int> _positions = new(StringComparer.Ordinal);
    private readonly List<string> _values = [];
    private readonly List<int> _ofRows = []; // of a multi-valued field all rows' values one after the other
    private readonly List<int> _starts = [0];

    public int Rows => kind.MultiValued ? _starts.Count - 1 : _ofRows.Count;

    /// <param name="column">Lists of texts, or texts of which an empty one is a missing value.</param>
    public void Add(IArrowArray column)
    {
        var lists = column as ListArray;
        var texts = (StringArray)(lists?.Values ?? column);
        for (var row = 0; row < column.Length; row++)
        {
            var (first, end) = lists is null ? (row, row + (texts.GetBytes(row).IsEmpty ? 0 : 1)) : (lists.ValueOffsets[row], lists.ValueOffsets[row + 1]);
            if (!kind.MultiValued)
            {
                _ofRows.Add(first == end ? Missing : PositionOf(texts.GetBytes(first)));
                continue;
            }
            for (var k = first; k < end; k++)
                _ofRows.Add(PositionOf(texts.GetBytes(k)));
            _starts.Add(_ofRows.Count);
        }
    }

    /// <summary>Learns the vocabulary from how often each row stands in the training part.</summary>
    public FeatureVocabulary Learn(Func<int, int> trainingRows, int minCount)
    {
        var counts = new long[_values.Count];
        for (var row = 0; row < Rows; row++)
        {
            if (trainingRows(row) is > 0 and var times)
            {
                foreach (var position in Of(row))
                    counts[position] += times;
            }
        }
        return FeatureVocabulary.FromCounts(kind.Name, _values.Zip(counts), minCount);
    }

    /// <summary>
    /// The indices of all rows. A missing value is an unseen one; of a list, the values never seen are left out unless
    /// nothing remains.
    /// </summary>
    public FeatureColumn Encode(FeatureVocabulary vocabulary, FieldOwner owner, bool withUnknown)
    {
        int[] indices = [.. _values.Select(vocabulary.IndexOf)];
        var field = new FeatureField(kind.Name, owner, kind.MultiValued, vocabulary.Cardinality);
        if (!kind.MultiValued)
        {
            var column = new int[Rows + (withUnknown ? 1 : 0)];
            for (var row = 0; row < Rows; row++)
                column[row] = _ofRows[row] == Missing ? FeatureVocabulary.Unseen : indices[_ofRows[row]];
            return new FeatureColumn(field, column, null);
        }
        List<int> values = [];
        List<int> starts = [0];
        for (var row = 0; row < Rows + (withUnknown ? 1 : 0); row++)
        {
            foreach (var position in row < Rows ? Of(row) : default)
            {
                if (indices[position] != FeatureVocabulary.Unseen)
                    values.Add(indices[position]);
            }
            if (values.Count == starts[^1])
                values.Add(FeatureVocabulary.Unseen);
            starts.Add(values.Count);
        }
        return new FeatureColumn(field, [.. values], [.. starts]);
    }

    /// <summary>How many distinct values the training part holds.</summary>
    public int TrainedValues(Func<int, int> trainingRows)
    {
        var seen = new bool[_values.Count];
        for (var row = 0; row < Rows; row++)
        {
            foreach (var position in trainingRows(row) > 0 ? Of(row) : default)
                seen[position] = true;
        }
        return seen.Count(s => s);
    }

    private ReadOnlySpan<int> Of(int row)
    {
        var all = CollectionsMarshal.AsSpan(_ofRows);
        return kind.MultiValued ? all[_starts[row].._starts[row + 1]] : all[row] == Missing ? default : all.Slice(row, 1);
    }

    private int PositionOf(ReadOnlySpan<byte> utf8)
    {
        Span<char> text = utf8.Length <= ShortText ? stackalloc char[ShortText] : new char[utf8.Length];
        text = text[..Encoding.UTF8.GetChars(utf8, text)];
        var lookup = _positions.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(text, out var position))
            return position;
        position = _values.Count;
        var value = text.ToString();
        _values.Add(value);
        _positions.Add(value, position);
        return position;
    }
}
