using Llm4Msr.Benchmarks;
using Llm4Msr.Platform;

// One question per verb; each prints a page for bench/results/<machine>/.
try
{
    switch (args)
    {
        case ["reasoning", "--model", var model]:
            ReasoningBenchmark.Run(model);
            return 0;
        case ["reasoning-setup", var model, var workers, var threads]:
            ReasoningBenchmark.RunSetup(model, int.Parse(workers, null), int.Parse(threads, null));
            return 0;
        case ["training-step", "--data", var data, "--knowledge", var knowledge]:
            TrainingStepBenchmark.Run(data, knowledge);
            return 0;
        case ["backbone-step"]:
            BackboneStepBenchmark.Run();
            return 0;
        case ["data", "--logs", var logs]:
            DataBenchmark.Run(logs);
            return 0;
        case ["data-prepare", var logs, var output]:
            DataBenchmark.Prepare(logs, output);
            return 0;
        case ["data-batches", var data]:
            DataBenchmark.ReadBatches(data);
            return 0;
        case ["auc"]:
            AucBenchmark.Run();
            return 0;
        case ["generate", "--folder", var folder]:
            GenerateBenchmark.Run(folder);
            return 0;
        default:
            Console.Error.WriteLine("""
                dotnet run -c Release --project bench/Llm4Msr.Benchmarks -- VERB
                  reasoning --model FILE    How many users per hour does a local language model read and answer for?
                  training-step --data DATA --knowledge STORE
                                            What does knowledge cost per training step?
                  backbone-step             How far is a backbone's training step from what the processor can do?
                  generate --folder FOLDER  How long do generated files of KuaiSAR-small's size take, and how much memory?
                  data --logs FOLDER        How fast are logs of KuaiSAR's size prepared, loaded and read in batches?
                  auc                       What do the exact AUC of two million rows and its interval cost?
                """);
            return 2;
    }
}
catch (Llm4MsrException e)
{
    Console.Error.WriteLine(e.Message);
    return e.ExitCode;
}
