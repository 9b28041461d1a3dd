namespace Llm4Msr.Data;

/// <summary>How much of one field a model can learn, and how much of it later rows still know.</summary>
/// <param name="Known">Values that have an index of their own.</param>
/// <param name="Rare">Values of the training part that are too rare for one.</param>
/// <param name="TrainingWithout">Share of the training rows whose value has none: rare or missing.</param>
/// <param name="EvaluationWithout">The same of the rows that are scored, validation and test: rare, missing or new.</param>
public sealed record FieldFrequency(string Name, FieldOwner Owner, int Known, int Rare, double TrainingWithout, double EvaluationWithout)
{
    internal static FieldFrequency Of(FeatureColumn column, int rows, int trainedValues, Func<int, int> trainingRows, Func<int, int> scoredRows)
    {
        long training = 0, scored = 0, trainingWithout = 0, scoredWithout = 0;
        for (var row = 0; row < rows; row++)
        {
            var (trains, scores) = (trainingRows(row), scoredRows(row));
            training += trains;
            scored += scores;
            if (column.Of(row)[0] != FeatureVocabulary.Unseen)
                continue;
            trainingWithout += trains;
            scoredWithout += scores;
        }
        return Of(column.Field, trainedValues, Share(trainingWithout, training), Share(scoredWithout, scored));
    }

    /// <param name="trainedValues">How many values the training part holds.</param>
    /// <param name="trainingWithout">Share.</param>
    /// <param name="evaluationWithout">Share.</param>
    public static FieldFrequency Of(FeatureField field, int trainedValues, double trainingWithout, double evaluationWithout)
    {
        var known = field.Cardinality - 1;
        return new FieldFrequency(field.Name, field.Owner, known, field.Edges is null ? trainedValues - known : 0, trainingWithout, evaluationWithout);
    }

    public static double Share(long part, long whole) => whole == 0 ? 0 : Math.Round((double)part / whole, 6);
}
