using System.CommandLine;
using System.Runtime.InteropServices;
using Llm4Msr.Platform;
using Spectre.Console;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr doctor</c>: what was found on this machine, and what is missing.</summary>
internal static class DoctorVerb
{
    private sealed record Report(
        bool Healthy, string OperatingSystem, string Runtime, string Processor, int Processors, IReadOnlyList<string> ProcessorFeatures,
        long MemoryBytes, string? LibtorchFolder, string? LibtorchLoadedFrom, bool LibtorchFixNeeded, int? TorchThreads, IReadOnlyList<string> Problems);

    public static Command Create(Cli cli)
    {
        var verb = new Verb("doctor", "Say what was found on this machine, and what is missing.", "llm4msr doctor --json");
        verb.SetAction(_ => Run(cli));
        return verb;
    }

    private static int Run(Cli cli)
    {
        var machine = Machine.Current;
        var libtorch = Libtorch.Report;
        List<string> problems = [];
        if (libtorch.Problem is not null)
            problems.Add(libtorch.Problem);
        if (RuntimeInformation.ProcessArchitecture == Architecture.X64 && !machine.ProcessorFeatures.Contains("AVX2"))
            problems.Add("The processor has no AVX2: training and reasoning will be slow. Use a machine from 2014 or later.");

        var report = new Report(
            problems.Count == 0, machine.OperatingSystem, machine.Runtime, machine.Processor, machine.Processors, machine.ProcessorFeatures,
            machine.MemoryBytes, libtorch.Folder, libtorch.LoadedFrom, libtorch.FixNeeded,
            libtorch.Problem is null ? torch.get_num_threads() : null, problems);
        cli.Terminal.Result(report, console => Print(console, report));
        return report.Healthy ? 0 : (int)FaultKind.ResourceMissing;
    }

    private static void Print(IAnsiConsole console, Report report)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumns("", "");
        void Row(string name, string value) => table.AddRow(new Text(name), new Text(value));
        Row("system", $"{report.OperatingSystem}, {report.Runtime}");
        Row("processor", $"{report.Processor}, {report.Processors} cores, {string.Join(' ', report.ProcessorFeatures)}");
        Row("memory", $"{report.MemoryBytes / (1L << 30)} GiB");
        Row("libtorch", report.LibtorchFolder ?? "not found");
        Row("loaded from", report.LibtorchLoadedFrom ?? "not loaded");
        Row("C++ library", report.LibtorchFixNeeded ? "older than GCC 13: a mended private copy is used" : "new enough");
        Row("torch threads", report.TorchThreads?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-");
        console.Write(table);
        foreach (var problem in report.Problems)
            console.WriteLine($"problem: {problem}");
        if (report.Healthy)
            console.WriteLine("Nothing is missing.");
    }
}
