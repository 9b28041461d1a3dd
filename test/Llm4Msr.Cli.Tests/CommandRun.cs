using System.Diagnostics;
using System.Text.Json;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli.Tests;

/// <summary>What a command answered. The console belongs to the process: these tests need to run one at a time, as all do.</summary>
/// <param name="Output">Standard output.</param>
/// <param name="Errors">Standard error.</param>
internal sealed record CommandRun(int Code, string Output, string Errors)
{
    /// <summary>The one JSON document that standard output has to be.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>Runs the real command line inside this process.</summary>
    public static CommandRun Of(params string[] args) => Of(CancellationToken.None, args);

    public static CommandRun Of(CancellationToken cancellation, params string[] args)
    {
        var (output, errors) = (Console.Out, Console.Error);
        using var written = new StringWriter();
        using var said = new StringWriter();
        Console.SetOut(written);
        Console.SetError(said);
        try
        {
            var code = CommandLine.Run(args, new Cli(new Terminal(), cancellation));
            return new CommandRun(code, written.ToString(), said.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
        }
    }

    /// <summary>As <see cref="Of(string[])"/>, for a command that has to succeed.</summary>
    public static CommandRun Succeeding(params string[] args)
    {
        var run = Of(args);
        Assert.True(run.Code == 0, $"llm4msr {string.Join(' ', args)} ended with {run.Code}: {run.Errors}");
        return run;
    }

    /// <summary>Starts the program as a process of its own, which can be interrupted and killed.</summary>
    public static Process Start(params string[] args)
    {
        // A shell that runs tests in the background has them ignore Ctrl-C; env undoes that for the child.
        var start = OperatingSystem.IsLinux() ? new ProcessStartInfo("env", ["--default-signal=INT", "dotnet"]) : new ProcessStartInfo("dotnet");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Llm4Msr.Cli.dll"));
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment["OMP_NUM_THREADS"] = "1";
        return Process.Start(start)!;
    }

    /// <summary>Waits for a process of <see cref="Start"/> and reads what it wrote.</summary>
    public static CommandRun EndOf(Process process)
    {
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CommandRun(process.ExitCode, output, errors.Result);
    }

    /// <summary>Runs the program in a process of its own.</summary>
    public static CommandRun Apart(params string[] args)
    {
        using var process = Start(args);
        return EndOf(process);
    }

    /// <summary>That a command failed for one reason, said in these very words, and printed nothing else.</summary>
    public void AssertFails(FaultKind kind, string sentence)
    {
        Assert.Equal($"error: {sentence}\n", Errors.ReplaceLineEndings("\n"));
        Assert.Equal(DocumentedCode(kind), Code);
        Assert.Empty(Output);
    }

    private static int DocumentedCode(FaultKind kind) => kind switch
    {
        FaultKind.Usage => 2,
        FaultKind.BadInput => 4,
        FaultKind.Damaged => 5,
        FaultKind.ResourceMissing => 6,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}

/// <summary>Every file below a folder with its bytes: what must not have changed.</summary>
internal static class FolderState
{
    public static SortedDictionary<string, string> Of(string folder)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            files.Add(Path.GetRelativePath(folder, file), FileHash.OfFile(file));
        return files;
    }
}
