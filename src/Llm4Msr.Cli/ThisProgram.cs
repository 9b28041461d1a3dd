using System.Diagnostics;

namespace Llm4Msr.Cli;

/// <summary>This program again, as a process of its own.</summary>
internal static class ThisProgram
{
    /// <summary>Starts it with its output and errors to be read.</summary>
    public static Process Start(params string[] args)
    {
        var assembly = typeof(ThisProgram).Assembly;
        var isOwnHost = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == assembly.GetName().Name;
        var start = new ProcessStartInfo(isOwnHost ? Environment.ProcessPath! : "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        if (!isOwnHost)
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".dll"));
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        return Process.Start(start)!;
    }
}
