namespace Llm4Msr.Knowledge;

/// <summary>
/// Which interactions may stand in a prompt, and which interaction may see the knowledge made from it. The paper leaves
/// both open, and results depend on it. Spelled <c>past-only</c>, <c>train-part</c>, <c>whole-period</c>.
/// </summary>
public enum KnowledgeProtocol
{
    /// <summary>Several snapshots per user; an interaction sees the newest one that is older than itself.</summary>
    PastOnly,

    /// <summary>One snapshot per user, at the end of its training part, seen by every interaction.</summary>
    TrainPart,

    /// <summary>One snapshot per user, of the whole period, seen by every interaction: leakage, for comparison only.</summary>
    WholePeriod,
}

public static class KnowledgeProtocols
{
    public static string Spelling(this KnowledgeProtocol protocol) => Spellings.Of(protocol);

    /// <summary>The protocol that <paramref name="spelling"/> names; an unknown one is an error that lists the known.</summary>
    public static KnowledgeProtocol Parse(string spelling) => Spellings.Parse<KnowledgeProtocol>(spelling, "knowledge protocol");
}
