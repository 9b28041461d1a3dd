namespace Llm4Msr.Data;

/// <summary>What became of the rows of the logs. Every row that was read is in exactly one of the counts.</summary>
/// <param name="Sources">One for each file of interactions, in the order of the configuration.</param>
/// <param name="AddedNegatives">Rows that no log held: sampled items that the user did not meet.</param>
/// <param name="Sampling">How they were drawn; null where none were.</param>
/// <param name="Warnings">What is unusual about the data though it can be used.</param>
public sealed record ImportReport(
    IReadOnlyList<SourceRows> Sources, long AddedNegatives, string? Sampling, IReadOnlyList<string> Warnings);

/// <summary>Rows of one file: <c>Read = Kept + Rejected + LeftOut + Duplicates</c>.</summary>
/// <param name="Rejected">Rows that cannot be used; the rejects file says why.</param>
/// <param name="LeftOut">Rows that the configuration leaves out: another condition, or users in too few scenarios.</param>
/// <param name="Duplicates">Rows that another row stands for, by the configuration's rule.</param>
public sealed record SourceRows(string File, long Read, long Kept, long Rejected, long LeftOut, long Duplicates);
