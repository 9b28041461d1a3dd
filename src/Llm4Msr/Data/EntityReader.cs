using Apache.Arrow;

namespace Llm4Msr.Data;

/// <summary>In how many training rows, and in how many that are scored, each user or item stands.</summary>
internal sealed class RowsByPart(int entities)
{
    private readonly int[] _training = new int[entities];
    private readonly int[] _scored = new int[entities];

    public int Training(int entity) => _training[entity];

    public int Scored(int entity) => _scored[entity];

    public void Count(int entity, Part part)
    {
        if (part == Part.Training)
            _training[entity]++;
        else if (part != Part.Unused)
            _scored[entity]++;
    }
}

/// <summary>Users or items while their raw table goes by, and their encoded table afterwards.</summary>
internal sealed class EntityReader(FieldOwner owner, string idField, IReadOnlyList<RawFieldKind> kinds)
{
    private readonly List<string> _keys = [];
    private readonly RawFieldReader[] _fields = [.. kinds.Select(kind => new RawFieldReader(kind))];
    private RowsByPart? _rows;

    public IReadOnlyList<string> Keys => _keys;

    /// <summary>Made when it is first asked for, after all keys are known.</summary>
    public RowsByPart RowsByPart => _rows ??= new RowsByPart(_keys.Count);

    public RecordBatch Read(RecordBatch batch)
    {
        var keys = (StringArray)batch.Column("key");
        for (var row = 0; row < keys.Length; row++)
            _keys.Add(keys.GetString(row));
        for (var f = 0; f < _fields.Length; f++)
            _fields[f].Add(batch.Column($"raw.{kinds[f].Name}"));
        return batch;
    }

    /// <summary>Learns the vocabularies from the training rows and encodes every user or item with them.</summary>
    public EntityTable Encode(LearnedFields learned) => new(
        _keys, [Ids(learned), .. _fields.Select(field => learned.Learn(field, owner, RowsByPart.Training, RowsByPart.Scored, withUnknown: true))]);

    private FeatureColumn Ids(LearnedFields learned)
    {
        var vocabulary = FeatureVocabulary.FromCounts(idField, _keys.Select((key, k) => (key, (long)RowsByPart.Training(k))), learned.MinCount);
        var indices = new int[_keys.Count + 1];
        var next = 0; // keys are in order, so the known ones are mostly numbered as they come
        for (var k = 0; k < _keys.Count; k++)
        {
            if (RowsByPart.Training(k) < Math.Max(1, learned.MinCount))
                continue;
            indices[k] = vocabulary.Values[next] == _keys[k] ? ++next : vocabulary.IndexOf(_keys[k]);
        }
        var column = new FeatureColumn(new FeatureField(idField, owner, MultiValued: false, vocabulary.Cardinality), indices, null);
        learned.Add(vocabulary, column, _keys.Count, Enumerable.Range(0, _keys.Count).Count(k => RowsByPart.Training(k) > 0), RowsByPart.Training, RowsByPart.Scored);
        return column;
    }
}
