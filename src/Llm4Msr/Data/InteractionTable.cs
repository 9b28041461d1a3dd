namespace Llm4Msr.Data;

/// <summary>
/// All interactions, column by column, in the order (time, item, user, scenario, line of the source). An interaction's
/// rank is its position here; "before" always means a lower rank, never an earlier second.
/// </summary>
/// <param name="Scenario">Index of the scenario.</param>
/// <param name="User">Row of the user table.</param>
/// <param name="Item">Row of the item table.</param>
/// <param name="Clicked">The label.</param>
/// <param name="Positive">Whether the row may stand in a prompt as something the user liked; in some data this is not the label.</param>
/// <param name="Time">Unix seconds.</param>
/// <param name="Context">Encoded context fields, one array each, in the schema's order.</param>
public sealed record InteractionTable(
    int[] Scenario, int[] User, int[] Item, bool[] Clicked, bool[] Positive, long[] Time, IReadOnlyList<int[]> Context)
{
    public int Count => Scenario.Length;
}
