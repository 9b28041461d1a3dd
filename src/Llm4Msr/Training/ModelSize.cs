using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Models.Layers;
using TorchSharp;

namespace Llm4Msr.Training;

/// <summary>How large a model is before it is trained.</summary>
/// <param name="Bytes">Of weights, the best weights, gradients and what Adam remembers.</param>
/// <param name="KnowledgeBytes">Of the vectors that the model reads, as they are stored and as it reads them.</param>
/// <param name="Tables">The embedding tables.</param>
public sealed record ModelSize(long Parameters, long TableParameters, long Bytes, long KnowledgeBytes, IReadOnlyList<TableTraining> Tables)
{
    /// <param name="table">The knowledge that the model reads; null for none.</param>
    public static ModelSize Of(InteractionDataset data, KnowledgeTable? table, RunOptions options)
    {
        using var scope = torch.NewDisposeScope();
        var fusion = options.Model.Fusion;
        var rows = TrainingRows.Of(data, table, options);
        var reader = fusion is null ? null
            : new KnowledgeReader(
                table!.UserWidth, KnowledgeReader.UserWidthRead(fusion, table.UserWidth, rows.Snapshots.Length),
                table.ScenarioWidth, KnowledgeReader.ScenarioWidthRead(fusion, table.ScenarioWidth, table.ScenarioRows(options.Scenarios).Length), fusion,
                options.Arm.LearnedUsers(table));
        var knowledge = reader is null ? 0
            : table!.Count * (long)(table.UserWidth + reader.Shape.UserWidth) + table.Scenarios.Count * (long)(table.ScenarioWidth + reader.Shape.ScenarioWidth);
        using var model = new ClickModel(data.Encoder.Schema, data.Description.Scenarios.Count, options.Model, reader, seed: 0);
        var tables = TablesOf(data.Encoder.Schema);
        var all = model.parameters().Sum(p => p.numel());
        var lazyRows = tables.Where(t => t.Adam == TableTraining.Lazy).Sum(t => (long)t.Rows);
        var lazy = lazyRows * options.Model.EmbeddingSize;
        var (numbers, gradients) = (4 * all, all - lazy); // weights, best weights and two moments; a lazy table's gradient is a batch's
        return new ModelSize(
            all, tables.Sum(t => (long)t.Rows) * options.Model.EmbeddingSize, sizeof(float) * (numbers + gradients) + sizeof(int) * lazyRows,
            sizeof(float) * knowledge, tables);
    }

    internal static IReadOnlyList<TableTraining> TablesOf(FeatureSchema schema) =>
        [.. schema.Fields.Select(f => new TableTraining(f.Name, f.Cardinality, FeatureEmbedding.IsSparse(f) ? TableTraining.Lazy : TableTraining.Dense))];
}

/// <summary>How a field's embedding table is trained.</summary>
/// <param name="Adam">dense, or lazy: only the rows that a batch looks up.</param>
public sealed record TableTraining(string Field, int Rows, string Adam)
{
    internal const string Dense = "dense", Lazy = "lazy";
}
