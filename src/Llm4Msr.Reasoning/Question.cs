using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Reasoning;

/// <summary>One prompt to ask, and as of when its answer counts.</summary>
/// <param name="AsOfRank">The prompt was made from interactions of lower rank.</param>
/// <param name="Basis">For scenarios, the training part whose statistics the prompt holds.</param>
/// <param name="Tokens">How many the prompt has, as the model counts them.</param>
public sealed record Question(KnowledgeKey Key, int AsOfRank, string Basis, Prompt Prompt, int Tokens)
{
    /// <summary>
    /// What its draws depend on, beside the seed: two snapshots of a user draw apart, and a prompt that did not change draws
    /// the same as of a later rank.
    /// </summary>
    public string SamplingKey => $"{Key} {Prompt.Hash}";
}

/// <summary>Everything that a protocol asks about a data set: scenarios first, then users.</summary>
public static class Questions
{
    /// <param name="eachUser">Called after each user; may throw to stop.</param>
    public static IReadOnlyList<Question> Of(InteractionDataset data, IPromptReader model, ReasoningOptions options, Action<int>? eachUser = null)
    {
        var builder = new PromptBuilder(data, options.Template, model.Cut);
        var questions = new List<Question>();
        for (var s = 0; s < data.Description.Scenarios.Count; s++)
            questions.Add(OfScenario(data, builder, model, options, s));

        var timeline = new UserTimeline(data.Interactions.User, data.Encoder.Users.Count);
        for (var user = 0; user < timeline.Users; user++)
        {
            questions.AddRange(OfUser(data, builder, timeline, model, options, user));
            eachUser?.Invoke(user);
        }
        return questions;
    }

    public static Question OfScenario(InteractionDataset data, PromptBuilder builder, IPromptReader model, ReasoningOptions options, int scenario)
    {
        var prompt = builder.ForScenario(scenario);
        var key = KnowledgeKey.ForScenario(data.Description.Scenarios[scenario].Name);
        var tokens = model.CountTokens(prompt.Chat);
        PromptBudget.Check($"The prompt of the {key}", tokens, Limit(model, options));
        return new Question(key, data.Interactions.Count, data.Description.TrainingPartHash, prompt, tokens);
    }

    /// <summary>A user without a positive is not asked about; nor is a snapshot whose prompt is that of the one before.</summary>
    public static IEnumerable<Question> OfUser(
        InteractionDataset data, PromptBuilder builder, UserTimeline timeline, IPromptReader model, ReasoningOptions options, int user)
    {
        string? last = null;
        foreach (var rank in SnapshotPlan.RanksFor(data, timeline, options.Protocol, user))
        {
            var history = UserHistory.Of(data.Interactions, timeline, user, rank, data.Description.Scenarios.Count, options.History);
            if (history.Liked.Count == 0)
                continue;
            var prompt = PromptBudget.Fit(history, builder, p => model.CountTokens(p.Chat), Limit(model, options));
            if (prompt.Hash == last)
                continue;
            last = prompt.Hash;
            yield return new Question(KnowledgeKey.ForUser(data.Encoder.Users.Keys[user]), rank, Basis: "", prompt, model.CountTokens(prompt.Chat));
        }
    }

    private static int Limit(IPromptReader model, ReasoningOptions options) => model.ContextLength - options.MaxNewTokens;
}
