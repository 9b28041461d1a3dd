using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;

namespace Llm4Msr.Reasoning;

/// <summary>What a run of reasoning would do, before it does it.</summary>
/// <param name="Users">In the data.</param>
/// <param name="UsersAsked">Of whom there is a question: they have a positive interaction before a snapshot.</param>
/// <param name="Snapshots">Questions about users.</param>
/// <param name="Questions">About users and scenarios.</param>
/// <param name="Stored">Questions that the store has answered.</param>
/// <param name="SamePrompt">Taken over from an earlier store, with the prompt of now.</param>
/// <param name="LittleIsNew">Taken over although the prompt changed.</param>
/// <param name="ToAsk">Prompts that this run asks; under a limit of time all that are left.</param>
/// <param name="Left">Prompts that the budget does not reach.</param>
/// <param name="WithinLimit">Of the prompts to ask, those that a limit of spending reaches; all without one.</param>
/// <param name="Batches">In which they are asked.</param>
/// <param name="PromptTokens">Of the prompts to ask, by the model's own tokenizer.</param>
/// <param name="PaddedShare">Share of padding in what the cache holds of them.</param>
/// <param name="NewTokens">What they will be answered with: by the probe, or at most where there was none.</param>
/// <param name="StoreBytes">Of the whole store afterwards.</param>
/// <param name="Time">By the probe; null without one.</param>
/// <param name="Cost">By a price list; null without one.</param>
public sealed record KnowledgePlan(
    string Model, int Users, int UsersAsked, int Scenarios, int Snapshots, int Questions, int Stored, int SamePrompt, int LittleIsNew, int ToAsk, int Left,
    int WithinLimit, int Batches, long PromptTokens, double PaddedShare, long NewTokens, long StoreBytes, PlannedTime? Time, PlannedCost? Cost)
{
    /// <param name="probe">How many batches to ask for the time; 0 for none.</param>
    public static KnowledgePlan Of(
        InteractionDataset data, ILanguageModel model, IReadOnlyList<Question> questions, ReasoningPlan plan, ReasoningOptions options, int probe, ModelPrices? prices,
        CancellationToken cancellation)
    {
        var batches = PromptBatches.Of(plan.Ask, model.Memory, options);
        var probed = probe > 0 && batches.Count > 0 ? TimedProbe.Run(model, batches, probe, options, cancellation) : null;
        var users = questions.Where(q => q.Key.Level == KnowledgeLevel.User).ToList();
        var promptTokens = plan.Ask.Sum(q => (long)q.Tokens);
        var padding = batches.Sum(PromptBatches.PaddingOf);
        var newTokensEach = probed?.NewTokens ?? options.MaxNewTokens;
        var newTokens = (long)(plan.Ask.Count * newTokensEach);
        var within = options.Limit is { } limit
            ? new Spending(limit, options.MaxNewTokens, model.ReadsAgain()).PromptsWithin(batches, (long)Math.Ceiling(newTokensEach))
            : plan.Ask.Count;
        var answered = questions.Count - plan.Left.Count;
        return new KnowledgePlan(
            model.Identity.Name, data.Encoder.Users.Count, users.Select(q => q.Key).Distinct().Count(), questions.Count - users.Count, users.Count, questions.Count,
            plan.Stored.Count, Count(TakenOverBecause.SamePrompt), Count(TakenOverBecause.LittleIsNew), plan.Ask.Count, plan.Left.Count,
            within, batches.Count, promptTokens, padding == 0 ? 0 : padding / (double)(promptTokens + padding), newTokens,
            KnowledgeStore.EstimatedBytes(
                KnowledgeReasoner.FingerprintOf(model, options), answered - (questions.Count - users.Count), questions.Count - users.Count,
                probed?.TextBytes ?? PlannedTime.BytesPerToken * options.MaxNewTokens),
            probed is null ? null : PlannedTime.Of(probed, batches, options),
            prices is null ? null : new PlannedCost(Cost(newTokens), Cost((long)plan.Ask.Count * options.MaxNewTokens), prices.Currency));

        decimal Cost(long generated) => prices!.CostOf(promptTokens, generated, model.ReadsAgain() ? promptTokens + generated : 0);

        int Count(TakenOverBecause because) => plan.TakenOver.Count(t => t.Because == because);
    }
}

/// <summary>How long the asking takes, on this machine with as much of it as the probe got.</summary>
/// <param name="Seconds">From the first batch to the last.</param>
/// <param name="ProcessorSeconds">Of all processors together: the same on a busy machine and a quiet one, or nearly.</param>
/// <param name="WithinBudget">Prompts that a limit of time reaches; all without one.</param>
/// <param name="SkippedPrompts">Of the probe, whose answers could not be used.</param>
/// <param name="Problem">What was wrong with the first of those; null where there were none.</param>
public sealed record PlannedTime(
    double Seconds, double ProcessorSeconds, int WithinBudget, int ProbedBatches, int ProbedPrompts, double ProbeSeconds, int SkippedPrompts, string? Problem)
{
    /// <summary>Of text, where no answer was seen.</summary>
    internal const double BytesPerToken = 4.5;

    internal static PlannedTime Of(ProbeResult probe, IReadOnlyList<Question[]> batches, ReasoningOptions options)
    {
        var (seconds, begun) = TimedProbe.Duration(probe.BatchSeconds, options.Workers, options.Budget?.Time?.TotalSeconds ?? double.PositiveInfinity);
        return new(
            seconds, probe.BatchSeconds.Take(begun).Sum() * probe.Load, batches.Take(begun).Sum(batch => batch.Length),
            probe.Batches, probe.Prompts, probe.Seconds, probe.Skipped, probe.Problem);
    }
}

/// <summary>What the asking costs.</summary>
/// <param name="Expected">With answers as long as the probe's.</param>
/// <param name="AtMost">With answers of the greatest length.</param>
public sealed record PlannedCost(decimal Expected, decimal AtMost, string Currency);
