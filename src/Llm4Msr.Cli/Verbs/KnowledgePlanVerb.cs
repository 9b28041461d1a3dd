using System.CommandLine;
using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Reasoning;
using Spectre.Console;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr knowledge plan</c>: what <c>reason</c> with the same options would ask, and how long that takes.</summary>
internal static class KnowledgePlanVerb
{
    public static Verb Create(Cli cli)
    {
        var arguments = new ReasonArguments("Knowledge store that would be gone on with [default: a new one].", outputRequired: false);
        var probe = new Option<int?>("--probe") { Description = "Batches that are asked to take the time, spread over the lengths of prompts, and more of a model that is quick; 0 for none [default: two for each worker; none of a server, where they cost].", HelpName = "N" };
        var verb = new Verb("plan", "What 'reason' with the same options would ask, how long it takes, and what it costs. Some batches are asked to take the time; nothing is stored.",
            "llm4msr knowledge plan data --model SmolLM2-135M-Instruct.Q4_1.gguf",
            "llm4msr knowledge plan data-of-today --model SmolLM2-135M-Instruct.Q4_1.gguf --reuse yesterday.db --min-new 5 --prices prices.json")
        {
            arguments.Data, probe,
        };
        foreach (var option in arguments.Options)
            verb.Add(option);
        verb.SetAction(parsed => Run(cli, arguments.Read(parsed), parsed.GetValue(probe)));
        return verb;
    }

    private static void Run(Cli cli, ReasonSettings settings, int? probe)
    {
        AtLeast.Check(0, ("--probe", probe ?? 0));
        var data = InteractionDataset.Open(settings.Data);
        torch.set_num_threads(1); // a core for each worker
        using var model = settings.Model.Open(cli.Cancellation);
        var options = settings.OptionsFor(model);
        var fingerprint = KnowledgeReasoner.FingerprintOf(model, options);
        using var earlier = settings.OpenEarlier(fingerprint);
        using var store = settings.Output is { } path && File.Exists(path) ? KnowledgeStore.OpenForReading(path) : null;
        store?.RequireFingerprint(fingerprint);
        store?.RequireInteractions(data.Description.InteractionsHash);
        var questions = ReasonRun.Questions(cli, data, model, options);
        var todo = ReasoningPlan.Of(data, questions, store, earlier, options);
        var plan = KnowledgePlan.Of(data, model, questions, todo, options, probe ?? (settings.Model.IsServer ? 0 : 2 * options.Workers), settings.Spending.PricesOf(model), cli.Cancellation);
        cli.Terminal.Result(plan, console => Print(console, plan, options, settings.Model.IsServer));
    }

    private static void Print(IAnsiConsole console, KnowledgePlan plan, ReasoningOptions options, bool isServer)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumns("", "");
        void Row(string name, FormattableString value) => table.AddRow(new Text(name), new Text(FormattableString.Invariant(value)));
        Row("model", $"{plan.Model}");
        Row("users", $"{plan.Users:N0}, of whom {plan.UsersAsked:N0} liked something before a snapshot");
        Row("prompts", $"{plan.Questions:N0}: {plan.Snapshots:N0} snapshots of users, {plan.Scenarios:N0} scenarios");
        Row("stored already", $"{plan.Stored:N0}");
        if (plan.SamePrompt + plan.LittleIsNew > 0)
            Row("taken over", $"{plan.SamePrompt:N0} whose prompt did not change, {plan.LittleIsNew:N0} of which little is new");
        Row("to ask", $"{plan.ToAsk:N0} in {plan.Batches:N0} batches of {options.BatchSize} at most");
        if (options.Budget is not null)
            Row("order", $"scenarios; users with the most positive interactions that no knowledge has; the oldest knowledge");
        if (plan.Left > 0)
            Row("beyond the budget", $"{plan.Left:N0}");
        if (plan.WithinLimit < plan.ToAsk)
            Row("within the limit", $"about {plan.WithinLimit:N0} of {plan.ToAsk:N0} prompts");
        if (isServer)
            Row("prompt tokens", $"at most {plan.PromptTokens:N0}, by the length of the texts, and all tokens once more for the state");
        else
            Row("prompt tokens", $"{plan.PromptTokens:N0} ({plan.PaddedShare:P1} padding)");
        Row("new tokens", $"{(plan.Time is null ? "at most" : "about")} {plan.NewTokens:N0}");
        Row("store", $"about {plan.StoreBytes / 1e6:N1} MB");
        if (plan.Time is { } time)
        {
            Row("time", $"{Numbers.Duration(TimeSpan.FromSeconds(time.Seconds))} with as much of the machine as now, {Numbers.Duration(TimeSpan.FromSeconds(time.ProcessorSeconds))} of processors");
            if (time.WithinBudget < plan.ToAsk)
                Row("in that time", $"{time.WithinBudget:N0} of {plan.ToAsk:N0} prompts");
            Row("probe", $"{time.ProbedPrompts:N0} prompts in {time.ProbedBatches} batches, {Numbers.Duration(TimeSpan.FromSeconds(time.ProbeSeconds))}");
            if (time.Problem is { } problem)
                Row("skipped", $"{time.SkippedPrompts:N0} prompts of the probe, whose answers cannot be used. The first: {problem}");
        }
        if (plan.Cost is { } cost)
            Row("cost", $"{Money(cost.Expected)} {cost.Currency}, at most {Money(cost.AtMost)}");
        console.Write(table);
    }

    private static string Money(decimal amount) => amount.ToString(amount < 1 ? "0.####" : "N2", CultureInfo.InvariantCulture);
}
