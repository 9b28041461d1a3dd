namespace Llm4Msr.Data;

/// <summary>What an interaction is used for.</summary>
public enum Part : byte
{
    Training,
    Validation,
    Test,

    /// <summary>Neither trained on nor scored; it may still stand in the history of a prompt.</summary>
    Unused,
}
