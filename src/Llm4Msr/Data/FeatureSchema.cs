using System.Text.Json.Serialization;

namespace Llm4Msr.Data;

/// <summary>Whose property a feature field is, hence in which table its values lie.</summary>
public enum FieldOwner
{
    Scenario,
    User,
    Item,

    /// <summary>The interaction itself: where, when or how the item was shown.</summary>
    Context,
}

/// <summary>One feature field of a row.</summary>
/// <param name="Name">Unique in the schema; also the name of its embedding table.</param>
/// <param name="MultiValued">Whether a row holds a list of values (genres), whose embeddings are averaged.</param>
/// <param name="Cardinality">Number of indices, index 0 (never seen in training) included.</param>
/// <param name="Edges">Where the buckets of a number begin; null for a field that is no number.</param>
public sealed record FeatureField(
    string Name, FieldOwner Owner, bool MultiValued, int Cardinality,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<double>? Edges = null);

/// <summary>The feature fields of a row in the order in which a model concatenates them.</summary>
public sealed record FeatureSchema(IReadOnlyList<FeatureField> Fields)
{
    public IEnumerable<FeatureField> Of(FieldOwner owner) => Fields.Where(f => f.Owner == owner);
}
