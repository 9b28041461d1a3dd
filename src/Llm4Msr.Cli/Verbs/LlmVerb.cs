using System.CommandLine;
using Llm4Msr.Language;
using Llm4Msr.Platform;
using Spectre.Console;
using TorchSharp;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr llm</c>: get a language model, look at it on disk, replay reference numbers with it.</summary>
internal static class LlmVerb
{
    public static Command Create(Cli cli) => new Verb("llm", "Get a language model, look at it, or check it against reference numbers.",
        "llm4msr llm show SmolLM2-135M-Instruct.Q4_1.gguf") { Show(cli), Verify(cli), LlmPullVerb.Create(cli) };

    private static Argument<string> ModelArgument() => new("model") { Description = "GGUF file, or Hugging Face folder." };

    private static Verb Show(Cli cli)
    {
        var model = ModelArgument();
        var chat = LlmOptions.Chat();
        var verb = new Verb("show", "What a model is made of, and how it would be asked. No weight is read.", "llm4msr llm show SmolLM2-135M-Instruct.Q4_1.gguf") { model, chat };
        verb.SetAction(parsed =>
        {
            var description = LanguageModelDescription.Of(parsed.GetRequiredValue(model), parsed.GetValue(chat));
            cli.Terminal.Result(description, console => Print(console, description));
        });
        return verb;
    }

    private static Verb Verify(Cli cli)
    {
        var model = new Argument<string>("model") { Description = "GGUF file, Hugging Face folder, or folder with a tokenizer." };
        var against = new Option<string>("--against") { Description = "Reference numbers: what the file holds decides what is compared.", Required = true, HelpName = "GOLDEN.json" };
        var tolerance = new Option<double?>("--tolerance") { Description = "Largest difference of states in root mean squares [default: 1e-4; 1e-3 for a chat model]." };
        var weights = LlmOptions.Weights();
        var device = LlmOptions.Device();
        var chat = LlmOptions.Chat();
        var verb = new Verb("verify", "Replay reference numbers; exit code 3 where something is out of tolerance.",
            "llm4msr llm verify tiny-llama --against tiny-llama/golden.json",
            "llm4msr llm verify quants.gguf --against quants.json --json")
        {
            model, against, tolerance, weights, device, chat,
        };
        verb.SetAction(parsed =>
        {
            torch.set_num_threads(1); // on a busy machine several that wait for each other take a hundred times as long
            var result = ReferenceNumbers.Verify(
                parsed.GetRequiredValue(model), parsed.GetRequiredValue(against),
                new LoadOptions(parsed.GetValue(chat), parsed.GetValue(weights).Value, parsed.GetValue(device)!), parsed.GetValue(tolerance), cli.Cancellation);
            cli.Terminal.Result(result, console => Print(console, result));
            return result.Passed ? 0 : (int)FaultKind.CheckFailed;
        });
        return verb;
    }

    private static void Print(IAnsiConsole console, VerificationResult result)
    {
        console.WriteLine(FormattableString.Invariant($"{result.Kind}: {result.Compared} compared"));
        console.WriteLine(FormattableString.Invariant($"largest difference: {result.LargestDifference:G3} root mean squares, allowed {result.Tolerance:G3}{(result.Where is null ? "" : $" ({result.Where})")}"));
        console.WriteLine($"first wrong: {result.FirstWrong ?? "none"}");
        console.WriteLine(result.Passed ? "Everything is as the reference has it." : "Out of tolerance.");
    }

    private static void Print(IAnsiConsole console, LanguageModelDescription model)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumns("", "");
        void Row(string name, FormattableString value) => table.AddRow(new Text(name), new Text(FormattableString.Invariant(value)));
        Row("model", $"{model.Name} ({model.Architecture})");
        Row("parameters", $"{model.Parameters / 1e6:N1} million, {model.Layers} layers, hidden size {model.HiddenSize}, feed-forward size {model.FeedForwardSize}");
        Row("attention", $"{model.Heads} heads of {model.HeadSize}, {model.KeyValueHeads} key/value heads");
        Row("parts", $"{string.Join(", ", model.Parts)}");
        Row("context", $"{model.ContextLength:N0} tokens; keys and values {model.CacheBytesPerToken / 1024.0:N1} KiB per token and prompt");
        Row("weights", $"{string.Join(", ", model.WeightTypes.Select(t => $"{t.Value} tensors {t.Key}"))}; {model.StoredBytes >> 20:N0} MiB as stored, {model.Fp32Bytes >> 20:N0} MiB in fp32");
        Row("vocabulary", $"{model.VocabularySize:N0}, end tokens {string.Join(", ", model.EndTokens)}");
        Row("tokenizer", $"{model.Tokenizer ?? "none"}");
        Row("chat format", $"{model.ChatFormat ?? "none"}");
        if (model.SystemMessage is not null)
            Row("system message", $"{model.SystemMessage}");
        console.Write(table);
        if (model.ChatProblem is not null)
            console.WriteLine(model.ChatProblem);
    }
}
