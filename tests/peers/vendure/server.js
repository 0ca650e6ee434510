require("./shop").start({ createsSchema: false });
