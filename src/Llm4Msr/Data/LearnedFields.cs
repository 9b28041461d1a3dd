namespace Llm4Msr.Data;

/// <summary>What the fields of logs in memory have learned from the training part, field after field.</summary>
/// <param name="minCount">Values in fewer training rows share the index of those never seen.</param>
internal sealed class LearnedFields(int minCount)
{
    private readonly Dictionary<string, FeatureVocabulary> _vocabularies = new(StringComparer.Ordinal);
    private readonly List<FieldFrequency> _frequencies = [];

    /// <summary>By field name.</summary>
    public IReadOnlyDictionary<string, FeatureVocabulary> Vocabularies => _vocabularies;

    public IReadOnlyList<FieldFrequency> Frequencies => _frequencies;

    public int MinCount => minCount;

    /// <summary>Learns a field's vocabulary and encodes its rows with it.</summary>
    /// <param name="training">In how many interactions of the training part a row stands.</param>
    /// <param name="scored">In how many of those that are scored.</param>
    /// <param name="withUnknown">Whether a row of what nobody knows comes last.</param>
    public FeatureColumn Learn(RawFieldReader field, FieldOwner owner, Func<int, int> training, Func<int, int> scored, bool withUnknown)
    {
        var vocabulary = field.Learn(training, minCount);
        var column = field.Encode(vocabulary, owner, withUnknown);
        Add(vocabulary, column, field.Rows, field.TrainedValues(training), training, scored);
        return column;
    }

    /// <param name="trainedValues">How many values the training part holds.</param>
    public void Add(FeatureVocabulary vocabulary, FeatureColumn column, int rows, int trainedValues, Func<int, int> training, Func<int, int> scored)
    {
        _vocabularies.Add(vocabulary.Field, vocabulary);
        _frequencies.Add(FieldFrequency.Of(column, rows, trainedValues, training, scored));
    }
}
