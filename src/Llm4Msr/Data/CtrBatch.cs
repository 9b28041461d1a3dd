namespace Llm4Msr.Data;

/// <summary>The values of one field for the rows of a batch.</summary>
/// <param name="Values">Indices, int64: [B], or of a multi-valued field all values one after the other.</param>
/// <param name="Starts">Where each row's values start, [B] int64; null for a field with one value per row.</param>
public sealed record FieldValues(Tensor Values, Tensor? Starts);

/// <summary>The tensors of one step. They belong to the dispose scope in which the batch was made.</summary>
/// <param name="Scenarios">The B rows by scenario.</param>
/// <param name="Fields">The feature fields in the schema's order.</param>
/// <param name="Clicked">The labels, [B] float32, 0 or 1.</param>
public sealed record CtrBatch(ScenarioGroups Scenarios, IReadOnlyList<FieldValues> Fields, Tensor Clicked);
