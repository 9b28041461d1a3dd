using System.Diagnostics;

namespace Llm4Msr.Cli;

/// <summary>This program again, as a process of its own.</summary>
internal static class ThisProgram
{
    /// <summary>Starts it with its output and errors to be read, and with an input that ends when this process does.</summary>
    public static Process Start(params string[] args) => Start(args, []);

    /// <summary>The same with variables of its environment.</summary>
    public static Process Start(string[] args, params (string Name, string Value)[] environment)
    {
        var name = typeof(ThisProgram).Assembly.GetName().Name!;
        var isOwnHost = Path.GetFileName(Environment.ProcessPath) is { } file && (file == name || file == name + ".exe");
        var start = new ProcessStartInfo(isOwnHost ? Environment.ProcessPath! : "dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        if (!isOwnHost)
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, name + ".dll"));
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        foreach (var (variable, value) in environment)
            start.Environment[variable] = value;
        return Process.Start(start)!;
    }
}
