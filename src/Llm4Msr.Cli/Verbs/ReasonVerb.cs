using System.CommandLine;
using System.Diagnostics;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Reasoning;
using Spectre.Console;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr reason</c>: ask a frozen language model about every scenario and every user.</summary>
internal static class ReasonVerb
{
    public static Command Create(Cli cli)
    {
        var arguments = new ReasonArguments("Knowledge store: made, or gone on with.", outputRequired: true);
        var verb = new Verb("reason", "Ask a frozen language model about every scenario and every user, and keep what it says. Interrupted, it goes on where it stopped.",
            "llm4msr reason data --model SmolLM2-135M-Instruct.Q4_1.gguf --out knowledge.db",
            "llm4msr reason data-of-today --model SmolLM2-135M-Instruct.Q4_1.gguf --out today.db --reuse yesterday.db --min-new 5 --budget 8h",
            "llm4msr reason data --model http://127.0.0.1:8080 --state-server http://127.0.0.1:8081 --concurrency 8 --out knowledge.db")
        {
            arguments.Data,
        };
        foreach (var option in arguments.Options)
            verb.Add(option);
        verb.SetAction(parsed => Run(cli, arguments.Read(parsed)));
        return verb;
    }

    private static int Run(Cli cli, ReasonSettings settings)
    {
        var output = settings.Output!;
        var data = InteractionDataset.Open(settings.Data);
        if (settings.Model.Path == EmbeddedModel.Name)
            cli.Terminal.Say("The embedded model is for trying out only: it knows the words of the quick start's catalogues, and of other items (those of 'data generate' too) it says little or nothing.");
        torch.set_num_threads(1); // a core for each worker
        using var model = settings.Model.Open(cli.Cancellation);
        var options = settings.OptionsFor(model);
        var fingerprint = KnowledgeReasoner.FingerprintOf(model, options);
        using var earlier = settings.OpenEarlier(fingerprint);
        using var store = KnowledgeStore.OpenForWriting(output, fingerprint, data.Description.InteractionsHash);
        var plan = ReasoningPlan.Of(data, ReasonRun.Questions(cli, data, model, options), store, earlier, options);

        var clock = Stopwatch.StartNew();
        var processorBefore = Environment.CpuUsage.TotalTime;
        var done = ReasonRun.Ask(cli, data, model, plan, store, output, earlier, options);
        var report = new Report(
            output, plan.Questions, plan.Stored.Count, plan.TakenOver.Count(t => t.Because == TakenOverBecause.SamePrompt),
            plan.TakenOver.Count(t => t.Because == TakenOverBecause.LittleIsNew), done.Asked, plan.Left.Count + plan.Ask.Count - done.Asked,
            done.PromptTokens, done.PaddedShare, done.NewTokens,
            clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - processorBefore).TotalSeconds, done.PromptTokens / clock.Elapsed.TotalSeconds, done.NewTokens / clock.Elapsed.TotalSeconds,
            Process.GetCurrentProcess().PeakWorkingSet64, store.ContentHash);
        cli.Terminal.Result(report, console => Print(console, report));
        return 0;
    }

    /// <param name="AlreadyStored">Prompts that a run before this one had asked.</param>
    /// <param name="SamePrompt">Taken over from an earlier store.</param>
    /// <param name="LittleIsNew">Taken over although the prompt changed.</param>
    /// <param name="Left">What the budget did not reach.</param>
    private sealed record Report(
        string Store, int Prompts, int AlreadyStored, int SamePrompt, int LittleIsNew, int Asked, int Left, long PromptTokens, double PaddedShare, long NewTokens,
        double Seconds, double ProcessorSeconds, double PromptTokensPerSecond, double NewTokensPerSecond, long PeakMemoryBytes, string ContentHash);

    private static void Print(IAnsiConsole console, Report report)
    {
        console.WriteLine(FormattableString.Invariant($"{report.Prompts:N0} prompts: {report.AlreadyStored:N0} were stored already, {report.Asked:N0} asked in {Numbers.Duration(TimeSpan.FromSeconds(report.Seconds))}."));
        if (report.SamePrompt + report.LittleIsNew > 0)
            console.WriteLine(FormattableString.Invariant($"Taken over: {report.SamePrompt:N0} whose prompt did not change, {report.LittleIsNew:N0} of which little is new."));
        if (report.Left > 0)
            console.WriteLine(FormattableString.Invariant($"{report.Left:N0} were beyond the budget: run again to go on."));
        if (report.Asked > 0)
            console.WriteLine(FormattableString.Invariant($"{report.PromptTokens:N0} prompt tokens ({report.PromptTokensPerSecond:N0} per second, {report.PaddedShare:P1} padding) and {report.NewTokens:N0} new ones ({report.NewTokensPerSecond:N0} per second, reading included); peak memory {report.PeakMemoryBytes >> 20:N0} MiB."));
        console.WriteLine($"Knowledge is in {report.Store}. Next: 'llm4msr knowledge stats {report.Store}', or 'llm4msr train DATA --enhancement llm4msr --knowledge {report.Store} --out RUN'.");
    }
}
