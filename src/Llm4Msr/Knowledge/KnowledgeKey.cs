namespace Llm4Msr.Knowledge;

/// <summary>The two levels that the paper asks the language model about (§3.2).</summary>
public enum KnowledgeLevel
{
    User,
    Scenario,
}

/// <summary>Whom knowledge is about.</summary>
/// <param name="Id">The user's or scenario's id as the interactions spell it; compared ordinally.</param>
public readonly record struct KnowledgeKey(KnowledgeLevel Level, string Id)
{
    public static KnowledgeKey ForUser(string id) => new(KnowledgeLevel.User, id);

    public static KnowledgeKey ForScenario(string id) => new(KnowledgeLevel.Scenario, id);

    public override string ToString() => $"{Spellings.Of(Level)} '{Id}'";
}
