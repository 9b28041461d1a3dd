namespace Llm4Msr.Data;

/// <summary>
/// One of the places in which users meet items, the paper's domain indicator d. Its index everywhere is its position in
/// the description's list.
/// </summary>
/// <param name="Name">Shown to people and written into prompts, for example "comedy and family".</param>
/// <param name="Description">What happens there, one sentence for the scenario prompt; may be empty.</param>
public sealed record Scenario(string Name, string Description);
