namespace Llm4Msr.Platform;

/// <summary>What kind of trouble an error is; each kind is one exit code of the command line.</summary>
public enum FaultKind
{
    /// <summary>A bug, or something nobody thought of.</summary>
    Unexpected = 1,

    /// <summary>Wrong usage or configuration.</summary>
    Usage = 2,

    /// <summary>A check ran and failed: a verification, an audit, a tolerance.</summary>
    CheckFailed = 3,

    /// <summary>Input data that cannot be used.</summary>
    BadInput = 4,

    /// <summary>A store, model, prepared folder or checkpoint that is damaged or belongs to something else.</summary>
    Damaged = 5,

    /// <summary>A resource is missing for now (disk, memory, network): running again resumes.</summary>
    ResourceMissing = 6,
}

/// <summary>
/// The one error type of this project. Its message names the place (file, line or key), the value found,
/// what was expected, and the way out; it is written for the person at the keyboard.
/// </summary>
public sealed class Llm4MsrException(FaultKind kind, string message, Exception? inner = null)
    : Exception(message, inner)
{
    public FaultKind Kind { get; } = kind;

    public int ExitCode => (int)Kind;

    /// <summary>The fault of one input alone: the next may do.</summary>
    public bool IsOfOneInput { get; init; }
}
