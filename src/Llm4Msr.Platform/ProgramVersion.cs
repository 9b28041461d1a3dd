using System.Reflection;

namespace Llm4Msr.Platform;

/// <summary>Which program this is: version, then the commit that it was built from.</summary>
public static class ProgramVersion
{
    /// <summary>For example <c>0.1.0+72a38f7b…</c>; without the commit where it was built outside a repository.</summary>
    public static string Current { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
