using System.Runtime.InteropServices;
using Apache.Arrow;

namespace Llm4Msr.Data;

/// <summary>Interactions while their raw table goes by: what the split and the context fields need of them.</summary>
internal sealed class InteractionReader(IReadOnlyList<RawFieldKind> contextFields)
{
    private readonly List<int> _users = [];
    private readonly RawFieldReader[] _context = [.. contextFields.Select(kind => new RawFieldReader(kind))];

    /// <summary>Row of the user table, by rank.</summary>
    public ReadOnlySpan<int> Users => CollectionsMarshal.AsSpan(_users);

    public RecordBatch Read(RecordBatch batch)
    {
        _users.AddRange(((Int32Array)batch.Column("user")).Values);
        for (var f = 0; f < _context.Length; f++)
            _context[f].Add(batch.Column($"context.{contextFields[f].Name}"));
        return batch;
    }

    public IReadOnlyList<FeatureColumn> Encode(Part[] parts, Dictionary<string, FeatureVocabulary> vocabularies, List<FieldFrequency> frequencies, int minCount)
    {
        Func<int, int> training = rank => parts[rank] == Part.Training ? 1 : 0;
        Func<int, int> scored = rank => parts[rank] is Part.Validation or Part.Test ? 1 : 0;
        List<FeatureColumn> columns = [];
        foreach (var field in _context)
        {
            var vocabulary = field.Learn(training, minCount);
            vocabularies.Add(vocabulary.Field, vocabulary);
            columns.Add(field.Encode(vocabulary, FieldOwner.Context, withUnknown: false));
            frequencies.Add(FieldFrequency.Of(columns[^1], parts.Length, field.TrainedValues(training), training, scored));
        }
        return columns;
    }
}
