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

    /// <summary>Learns the vocabularies of the context fields from the training part and encodes every interaction with them.</summary>
    /// <param name="parts">Of each rank.</param>
    public IReadOnlyList<FeatureColumn> Encode(Part[] parts, LearnedFields learned) =>
    [
        .. _context.Select(field => learned.Learn(
            field, FieldOwner.Context, rank => parts[rank] == Part.Training ? 1 : 0, rank => parts[rank] is Part.Validation or Part.Test ? 1 : 0, withUnknown: false)),
    ];
}
