using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;

namespace Llm4Msr.Cli;

/// <summary>Writing prompts and asking them, with the progress on standard error.</summary>
internal static class ReasonRun
{
    /// <summary>Every question that the options ask about the data.</summary>
    public static IReadOnlyList<Question> Questions(Cli cli, InteractionDataset data, ILanguageModel model, ReasoningOptions options)
    {
        IReadOnlyList<Question> questions = [];
        cli.Terminal.WithProgress("prompts", data.Encoder.Users.Count, report => questions = Reasoning.Questions.Of(data, model, options, user =>
        {
            cli.Cancellation.ThrowIfCancellationRequested();
            report(user + 1, "writing");
        }));
        return questions;
    }

    /// <summary>Asks what is to ask. Whatever goes wrong is said with how far it went.</summary>
    /// <param name="storePath">Of <paramref name="store"/>, for messages.</param>
    public static ReasoningProgress Ask(
        Cli cli, InteractionDataset data, ILanguageModel model, ReasoningPlan plan, KnowledgeStore store, string storePath, KnowledgeStore? earlier, ReasoningOptions options)
    {
        ReasoningProgress done = new();
        cli.Terminal.WithProgress("reason", 1, report =>
        {
            report(0, "the first batch");
            try
            {
                done = KnowledgeReasoner.Run(data, model, plan, store, earlier, options, cli.Cancellation, p =>
                {
                    done = p;
                    report(p.TokensDone / (double)p.TokensToDo, FormattableString.Invariant($"{p.Asked:N0} of {p.ToDo:N0} prompts"));
                });
            }
            catch (Llm4MsrException e)
            {
                var missing = plan.Left.Count + plan.Ask.Count - done.Asked;
                throw new Llm4MsrException(e.Kind, FormattableString.Invariant(
                    $"{e.Message} Of {plan.Questions:N0} prompts {plan.Questions - missing:N0} are stored in {storePath}, {missing:N0} are missing."), e);
            }
        });
        return done;
    }
}
