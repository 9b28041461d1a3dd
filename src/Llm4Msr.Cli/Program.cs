using Llm4Msr.Cli;

return CommandLine.Run(args);
