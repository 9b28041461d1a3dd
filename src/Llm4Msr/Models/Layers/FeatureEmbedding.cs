using Llm4Msr.Data;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Layers;

/// <summary>
/// One embedding table per feature field; the fields' vectors side by side are the paper's e (section 2.1). The values
/// of a multi-valued field are averaged.
/// </summary>
/// <remarks>Shapes: B rows, F fields, d embedding size. The tables carry the fields' names in weights files.</remarks>
public sealed class FeatureEmbedding : nn.Module<IReadOnlyList<FieldValues>, Tensor>
{
    /// <summary>Rows of a table from which on its gradient holds only the rows that a batch looks up; smaller tables have a whole one.</summary>
    public const int LargestDense = 200_000;

    private readonly nn.Module[] tables;

    /// <param name="deviation">Of the numbers before training.</param>
    public FeatureEmbedding(FeatureSchema schema, int size, double deviation, Generator random) : base(nameof(FeatureEmbedding))
    {
        Width = schema.Fields.Count * size;
        tables = new nn.Module[schema.Fields.Count];
        for (var f = 0; f < tables.Length; f++)
        {
            var field = schema.Fields[f];
            tables[f] = field.MultiValued
                ? Filled(nn.EmbeddingBag(field.Cardinality, size, mode: EmbeddingBagMode.Mean, sparse: IsSparse(field)), t => t.weight!, deviation, random)
                : Filled(nn.Embedding(field.Cardinality, size, sparse: IsSparse(field)), t => t.weight!, deviation, random);
            register_module(field.Name, tables[f]);
        }
    }

    /// <summary>F·d.</summary>
    public int Width { get; }

    /// <summary>Whether a field's table is so large that only the rows that a batch looks up are trained in a step.</summary>
    public static bool IsSparse(FeatureField field) => field.Cardinality > LargestDense;

    /// <param name="fields">In the schema's order.</param>
    /// <returns>e, [B, F·d].</returns>
    public override Tensor forward(IReadOnlyList<FieldValues> fields)
    {
        var vectors = new Tensor[tables.Length];
        for (var f = 0; f < tables.Length; f++)
        {
            vectors[f] = tables[f] is EmbeddingBag bag
                ? bag.call(fields[f].Values, fields[f].Starts!)
                : ((Embedding)tables[f]).call(fields[f].Values);
        }
        return cat(vectors, 1);
    }

    private static T Filled<T>(T table, Func<T, Parameter> weight, double deviation, Generator random)
    {
        using var _ = no_grad();
        weight(table).normal_(0, deviation, random);
        return table;
    }
}
