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
    public EntityTable Encode(Dictionary<string, FeatureVocabulary> vocabularies, List<FieldFrequency> frequencies, int minCount)
    {
        List<FeatureColumn> columns = [Ids(vocabularies, minCount)];
        frequencies.Add(FieldFrequency.Of(columns[0], _keys.Count, Enumerable.Range(0, _keys.Count).Count(k => RowsByPart.Training(k) > 0), RowsByPart.Training, RowsByPart.Scored));
        foreach (var field in _fields)
        {
            var vocabulary = field.Learn(RowsByPart.Training, minCount);
            vocabularies.Add(vocabulary.Field, vocabulary);
            columns.Add(field.Encode(vocabulary, owner, withUnknown: true));
            frequencies.Add(FieldFrequency.Of(columns[^1], _keys.Count, field.TrainedValues(RowsByPart.Training), RowsByPart.Training, RowsByPart.Scored));
        }
        return new EntityTable(_keys, columns);
    }

    private FeatureColumn Ids(Dictionary<string, FeatureVocabulary> vocabularies, int minCount)
    {
        var vocabulary = FeatureVocabulary.FromCounts(idField, _keys.Select((key, k) => (key, (long)RowsByPart.Training(k))), minCount);
        vocabularies.Add(idField, vocabulary);
        var indices = new int[_keys.Count + 1];
        var next = 0; // keys are in order, so the known ones are mostly numbered as they come
        for (var k = 0; k < _keys.Count; k++)
        {
            if (RowsByPart.Training(k) < Math.Max(1, minCount))
                continue;
            indices[k] = vocabulary.Values[next] == _keys[k] ? ++next : vocabulary.IndexOf(_keys[k]);
        }
        return new FeatureColumn(new FeatureField(idField, owner, MultiValued: false, vocabulary.Cardinality), indices, null);
    }
}
