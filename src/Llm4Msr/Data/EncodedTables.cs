using Apache.Arrow;

namespace Llm4Msr.Data;

/// <summary>
/// What a split makes of raw tables: parts, vocabularies, encoded fields and counts. The tables go by batch after batch, so
/// that none of them has to be in memory; each is read once and has at least one batch.
/// </summary>
/// <param name="Parts">Of all interactions.</param>
/// <param name="All">Table 1 over all interactions.</param>
/// <param name="Training">Table 1 over the training part.</param>
/// <param name="PartOfRank">Columns: <c>part</c>, a byte for each rank.</param>
/// <param name="Users">Columns: <c>key</c>, then the indices of each field of the users.</param>
/// <param name="Items">The same of the items.</param>
/// <param name="Context">The indices of each context field, by rank.</param>
/// <param name="Vocabulary">Columns: <c>field</c>, <c>value</c>, <c>index</c>, <c>count</c>; the fields one after the other.</param>
public sealed record EncodedTables(
    IReadOnlyDictionary<Part, PartFacts> Parts,
    DataStatistics All,
    DataStatistics Training,
    FeatureSchema Schema,
    IReadOnlyList<FieldFrequency> Fields,
    IEnumerable<RecordBatch> PartOfRank,
    IEnumerable<RecordBatch> Users,
    IEnumerable<RecordBatch> Items,
    IEnumerable<RecordBatch> Context,
    IEnumerable<RecordBatch> Vocabulary)
{
    /// <summary>The rows of every batch of parts but the last.</summary>
    public const int PartRows = 1 << 24;

    /// <summary>The rows of every batch of the other tables but the last.</summary>
    public const int Rows = 1 << 22;

    /// <summary>The fields in the order in which a model concatenates them: users', items', context, and at last the scenario.</summary>
    public static FeatureSchema SchemaOf(int scenarios, IEnumerable<FeatureField> fields)
    {
        var schema = new FeatureSchema([.. fields, new FeatureField(FeatureNames.Scenario, FieldOwner.Scenario, MultiValued: false, scenarios + 1)]);
        if (schema.Fields.Select(f => f.Name).Distinct(StringComparer.Ordinal).Count() != schema.Fields.Count)
            throw new Platform.Llm4MsrException(Platform.FaultKind.BadInput, $"Two feature fields have one name: {string.Join(", ", schema.Fields.Select(f => f.Name))}. Rename one.");
        return schema;
    }
}
